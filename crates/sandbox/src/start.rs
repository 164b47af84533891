//! Starting a sandbox: its thread, its runtime and its listener.

use std::net::TcpListener;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::config::Config;
use crate::core::Core;
use crate::error::StartError;
use crate::sandbox::Sandbox;
use crate::server;

impl Sandbox {
    /// Starts an AWS. One that is [driven](Config::driven) does not listen.
    ///
    /// # Errors
    /// When the address is not loopback or cannot be listened on.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let wanted = config.listen;
        if !wanted.ip().is_loopback() {
            return Err(StartError::NotLoopback(wanted));
        }
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let handle = runtime.handle().clone();
        if config.driven {
            let core = Arc::new(Core::new(config));
            let ticking = Arc::clone(&core);
            runtime.spawn(async move { ticking.tick().await });
            let own = Some(runtime);
            return Ok(Self { core, address: wanted, runtime: handle, stop: None, thread: None, own });
        }
        let cannot = |source| StartError::Listen { address: wanted, source };
        let listener = TcpListener::bind(wanted).map_err(cannot)?;
        listener.set_nonblocking(true).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let core = Arc::new(Core::new(config));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&core);
        let thread = std::thread::Builder::new()
            .name("v2only-sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(server::run(served, listener, stopped));
                // Connections that wait for an answer that never comes must not keep the thread.
                runtime.shutdown_background();
            })
            .map_err(StartError::Thread)?;
        Ok(Self { core, address, runtime: handle, stop: Some(stop), thread: Some(thread), own: None })
    }
}
