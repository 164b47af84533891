//! Scenarios: an event of `fixtures/`, and exactly what is read from it.

#[cfg(test)]
mod support;

#[cfg(test)]
mod launches;

#[cfg(test)]
mod changes;

#[cfg(test)]
mod notebooks;

#[cfg(test)]
mod ignored;

#[cfg(test)]
mod refused;

#[cfg(test)]
mod batches;

#[cfg(test)]
mod actors;

#[cfg(test)]
mod hostile;

#[cfg(test)]
mod recorded;

#[cfg(test)]
mod saved;
