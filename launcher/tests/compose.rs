//! What a frame costs the CPU that composes it: `cargo test -p hearth-launcher --test compose -- --ignored --nocapture`. CPU time, so that other
//! work on the machine does not count.

use hearth_launcher::compose::{Composer, Cover, Over, Picture};
use rustix::time::{ClockId, clock_gettime};
use slint::platform::software_renderer::PremultipliedRgbaColor;

const SCREEN: (u32, u32) = (1280, 720);
const FRAMES: usize = 200;

fn cpu_ms() -> f64 {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    now.tv_sec as f64 * 1000.0 + now.tv_nsec as f64 / 1e6
}

/// `alpha` for each row: the overlay's bottom is mixed, the rest as said.
fn interface(alpha: impl Fn(u32) -> u8) -> Vec<PremultipliedRgbaColor> {
    let pixel = |y| PremultipliedRgbaColor { red: 9, green: 8, blue: 7, alpha: alpha(y) };
    (0..SCREEN.1).flat_map(|y| std::iter::repeat_n(pixel(y), SCREEN.0 as usize)).collect()
}

fn measure(name: &str, film: (u32, u32), pixels: &[PremultipliedRgbaColor]) {
    let bgrx = vec![90; (film.0 * film.1 * 4) as usize];
    let film = Picture { width: film.0, height: film.1, stride: film.0 as usize * 4, bgrx: &bgrx };
    let mut cover = Cover::new(SCREEN.0, SCREEN.1);
    cover.update(pixels, 0..SCREEN.1);
    let over = Over { pixels, width: SCREEN.0, height: SCREEN.1, cover: &cover, captions: &[] };
    let (mut composer, mut row) = (Composer::default(), vec![0u32; SCREEN.0 as usize]);
    let mut buffer = vec![0u8; (SCREEN.0 * SCREEN.1 * 4) as usize];
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let start = cpu_ms();
            composer.begin(Some(&film), SCREEN);
            for (y, out) in (0..SCREEN.1).zip(buffer.chunks_exact_mut(SCREEN.0 as usize * 4)) {
                if over.cover.span(y).hides(SCREEN.0) {
                    continue;
                }
                composer.row(Some(&film), &over, y, &mut row);
                out.copy_from_slice(bytemuck::cast_slice(&row));
            }
            cpu_ms() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!("{name:<44} {:.3} ms", times[FRAMES / 2]);
}

#[test]
#[ignore = "a figure, not a check"]
fn the_cost_of_a_frame() {
    let clear = interface(|_| 0);
    let overlay = interface(|y| if y > 500 { 140 } else { 0 });
    let half = interface(|y| if y > 360 { 255 } else { 0 });
    measure("640x360 film, nothing over it", (640, 360), &clear);
    measure("640x360 film, overlay on the lower third", (640, 360), &overlay);
    measure("640x360 film, lower half hidden", (640, 360), &half);
    measure("1280x720 film, nothing over it", (1280, 720), &clear);
    measure("854x480 film, nothing over it", (854, 480), &clear);
}
