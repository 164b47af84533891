//! Tests of the counter of recorded launches.

#[cfg(test)]
mod paths;
#[cfg(test)]
mod principals;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod truth;
