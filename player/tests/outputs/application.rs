//! An application of Wayland's with a window of one colour, which stands for a user interface.

use std::ffi::c_void;
use std::io::{Seek, Write};
use std::os::fd::AsFd;
use std::ptr::NonNull;
use wayland_client::protocol::{wl_buffer, wl_compositor, wl_registry, wl_shm, wl_shm_pool, wl_surface};
use wayland_client::{Connection, Dispatch, EventQueue, Proxy, QueueHandle, delegate_noop};
use wayland_protocols::xdg::shell::client::{xdg_surface, xdg_toplevel, xdg_wm_base};

pub struct Application {
    connection: Connection,
    queue: EventQueue<State>,
    state: State,
    surface: wl_surface::WlSurface,
}

#[derive(Default)]
struct State {
    compositor: Option<wl_compositor::WlCompositor>,
    shm: Option<wl_shm::WlShm>,
    shell: Option<xdg_wm_base::XdgWmBase>,
    configured: bool,
}

impl Application {
    /// A blue window of 640 by 360 on the compositor at `socket`.
    pub fn open(socket: &str) -> Self {
        let stream = std::os::unix::net::UnixStream::connect(socket).expect("compositor");
        let connection = Connection::from_socket(stream).expect("connection");
        let mut queue = connection.new_event_queue();
        let handle = queue.handle();
        connection.display().get_registry(&handle, ());
        let mut state = State::default();
        queue.roundtrip(&mut state).expect("globals");
        let surface = state.compositor.as_ref().expect("compositor").create_surface(&handle, ());
        let window = state.shell.as_ref().expect("shell").get_xdg_surface(&surface, &handle, ());
        window.get_toplevel(&handle, ()).set_title("interface".into());
        surface.commit();
        while !state.configured {
            queue.blocking_dispatch(&mut state).expect("configured");
        }
        surface.attach(Some(&blue(state.shm.as_ref().expect("shm"), &handle)), 0, 0);
        surface.damage(0, 0, 640, 360);
        surface.commit();
        queue.roundtrip(&mut state).expect("shown");
        Self { connection, queue, state, surface }
    }

    /// `wl_display` and `wl_surface`, as libwayland has them.
    pub fn pointers(&self) -> (NonNull<c_void>, NonNull<c_void>) {
        let display = NonNull::new(self.connection.backend().display_ptr().cast());
        (display.expect("display"), NonNull::new(self.surface.id().as_ptr().cast()).expect("surface"))
    }

    /// Where the film is in the window goes with the window's own state.
    pub fn commit(&mut self) {
        self.surface.commit();
        self.queue.roundtrip(&mut self.state).expect("committed");
    }
}

fn blue(shm: &wl_shm::WlShm, handle: &QueueHandle<State>) -> wl_buffer::WlBuffer {
    let mut file = tempfile::tempfile().expect("file");
    file.write_all(&[0xff, 0, 0, 0xff].repeat(640 * 360)).and_then(|()| file.rewind()).expect("pixels");
    let pool = shm.create_pool(file.as_fd(), 640 * 360 * 4, handle, ());
    pool.create_buffer(0, 640, 360, 640 * 4, wl_shm::Format::Xrgb8888, handle, ())
}

impl Dispatch<wl_registry::WlRegistry, ()> for State {
    fn event(
        state: &mut Self,
        registry: &wl_registry::WlRegistry,
        event: wl_registry::Event,
        (): &(),
        _: &Connection,
        handle: &QueueHandle<Self>,
    ) {
        let wl_registry::Event::Global { name, interface, .. } = event else { return };
        match &*interface {
            "wl_compositor" => state.compositor = Some(registry.bind(name, 4, handle, ())),
            "wl_shm" => state.shm = Some(registry.bind(name, 1, handle, ())),
            "xdg_wm_base" => state.shell = Some(registry.bind(name, 1, handle, ())),
            _ => (),
        }
    }
}

impl Dispatch<xdg_surface::XdgSurface, ()> for State {
    fn event(
        state: &mut Self,
        window: &xdg_surface::XdgSurface,
        event: xdg_surface::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_surface::Event::Configure { serial } = event {
            window.ack_configure(serial);
            state.configured = true;
        }
    }
}

impl Dispatch<xdg_wm_base::XdgWmBase, ()> for State {
    fn event(
        _: &mut Self,
        shell: &xdg_wm_base::XdgWmBase,
        event: xdg_wm_base::Event,
        (): &(),
        _: &Connection,
        _: &QueueHandle<Self>,
    ) {
        if let xdg_wm_base::Event::Ping { serial } = event {
            shell.pong(serial);
        }
    }
}

delegate_noop!(State: ignore wl_compositor::WlCompositor);
delegate_noop!(State: ignore wl_shm::WlShm);
delegate_noop!(State: ignore wl_shm_pool::WlShmPool);
delegate_noop!(State: ignore wl_buffer::WlBuffer);
delegate_noop!(State: ignore wl_surface::WlSurface);
delegate_noop!(State: ignore xdg_toplevel::XdgToplevel);
