//! A browser without a screen that opens a page, and what is seen of it: Chromium, headless.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use png::{Decoder, Transformations};

use super::process::{guarded, run_within};

/// Debian's name for it, and Ubuntu's.
const PROGRAMS: [&str; 2] = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/// A browser that starts while other tests compute.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the person at the screen prefers, as `prefers-color-scheme` of CSS has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on a light page.
    Light,
    /// Light text on a dark page.
    Dark,
}

/// A page as it was seen.
pub struct Seen {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// How many pixels have each colour, as red, green and blue.
    pub colours: BTreeMap<[u8; 3], usize>,
    /// What the page had to say: its console, errors and what its policy blocked among it.
    pub console: Vec<String>,
}

/// Opens a file in a network namespace in which not even loopback is up.
///
/// Panics where there is no browser, or it makes no picture.
pub fn look_at(page: &Path, scheme: Scheme) -> Seen {
    let program = PROGRAMS.into_iter().find(|program| Path::new(program).exists());
    let program = program.expect("Chromium is installed: scripts/install-deps test");
    let folder = tempfile::tempdir_in("/run/rig").expect("a folder for the browser");
    let picture = folder.path().join("picture.png");
    let preference = if scheme == Scheme::Dark { 0 } else { 1 };
    let mut command = guarded("unshare");
    command.args(["--net", "--", program, "--headless", "--no-sandbox", "--disable-gpu"]);
    command.args(["--disable-quic", "--no-first-run", "--disable-background-networking"]);
    command.args(["--disable-component-update", "--disable-sync", "--hide-scrollbars"]);
    command.args(["--enable-logging=stderr", "--window-size=1200,1800"]);
    command.arg(format!("--blink-settings=preferredColorScheme={preference}"));
    command.arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
    command.arg(format!("--screenshot={}", picture.display()));
    command.arg(format!("file://{}", page.display()));
    command.env("HOME", folder.path());
    let output = run_within(&mut command, PATIENCE);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && picture.exists(), "{}: {said}", output.status);
    let console = said.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned);
    let (size, colours) = read(&picture);
    Seen { size, colours, console: console.collect() }
}

fn read(picture: &Path) -> ((u32, u32), BTreeMap<[u8; 3], usize>) {
    let mut decoder = Decoder::new(BufReader::new(File::open(picture).expect("the picture")));
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("a picture of a sane size")];
    let info = reader.next_frame(&mut pixels).expect("a whole picture");
    let samples = info.color_type.samples();
    assert!(samples >= 3, "a picture in colour");
    let mut colours = BTreeMap::new();
    for pixel in pixels[..info.buffer_size()].chunks_exact(samples) {
        *colours.entry([pixel[0], pixel[1], pixel[2]]).or_default() += 1;
    }
    ((info.width, info.height), colours)
}

/// Writes a page of its own for a browser, beside the files of the rig.
pub fn page(name: &str, text: &str) -> std::path::PathBuf {
    let path = Path::new("/run/rig").join(name);
    fs::write(&path, text).expect("write a page");
    path
}
