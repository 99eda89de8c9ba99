// SPDX-License-Identifier: Apache-2.0
//! `levitas canhub` from outside: what goes wrong is said in one line, and the hub goes on.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longest wait for anything, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running hub, ended when it goes out of scope.
struct Hub {
    process: Child,
    port: u16,
    errors: Receiver<String>,
    lines: Receiver<String>,
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(from).lines().map_while(Result::ok).try_for_each(|line| to.send(line))
    });
    lines
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_levitas"));
    command.arg("canhub").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn hub(protocol: &str, more: &[&str]) -> Hub {
    let option = format!("--{protocol}");
    let arguments: Vec<&str> = [option.as_str(), "127.0.0.1:0"].iter().chain(more).copied().collect();
    let mut process = command(&arguments).spawn().unwrap();
    let (out, errors) = (lines(process.stdout.take().unwrap()), lines(process.stderr.take().unwrap()));
    let bound = out.recv_timeout(PATIENCE).unwrap();
    let port = bound.strip_prefix(&format!("{protocol} 127.0.0.1:")).unwrap().parse().unwrap();
    Hub { process, port, errors, lines: out }
}

impl Hub {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

/// Sends a command and reads until the answer has come.
fn ask(stream: &mut TcpStream, question: &str, answer: &str) {
    stream.write_all(question.as_bytes()).unwrap();
    read_until(stream, answer);
}

/// Reads to the end of a text; what came with it.
fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let (mut text, mut byte) = (String::new(), [0]);
    let started = Instant::now();
    while !text.ends_with(end) {
        assert!(started.elapsed() < PATIENCE, "no {end:?} in {text:?}");
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

#[test]
fn what_cannot_be_served_ends_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: [(&[&str], &str); 6] = [
        (&["--slcan", &taken], "levitas: --slcan: address = 127.0.0.1:"),
        (&["--socketcand", "nowhere.invalid:1"], "levitas: --socketcand: address = nowhere.invalid:1: "),
        (&["--slcan", "1234"], "levitas: --slcan: address = 1234: "),
        (&["--speed", "0"], "levitas: --speed: speed = 0: out of range; allowed is 0.001 to 100"),
        (&["--log", "no-such-file"], "levitas: no-such-file: "),
        (&["--record", "no-such-folder/file"], "levitas: --record no-such-folder/file: "),
    ];
    for (arguments, start) in cases {
        let output = command(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
        assert!(text.starts_with(start) && text.contains("allowed is"), "{text}");
    }
}

#[test]
fn a_log_that_is_none_ends_with_its_line() {
    let file = std::env::temp_dir().join(format!("levitas-canhub-{}.log", std::process::id()));
    std::fs::write(&file, "(0.1) can0 123#00\n(0.2) can0 123#0\n").unwrap();
    let output = command(&["--log", file.to_str().unwrap()]).output().unwrap();
    std::fs::remove_file(&file).unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains(".log:2: no frame: 123#0; allowed is lines such as"), "{text}");
}

#[test]
fn malformed_commands_are_told_once_each_and_no_more_than_five_times() {
    let hub = hub("slcan", &[]);
    let mut client = hub.connect();
    ask(&mut client, "O\r", "\r");
    for _ in 0..20 {
        client.write_all(b"t12\r").unwrap();
    }
    // It still serves: a frame of the pattern comes.
    read_until(&mut client, "b010D");
    let told: Vec<String> = (0..5).map(|_| hub.errors.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(told.iter().all(|line| line.contains(": t12: too short")), "{told:?}");
    assert!(told[4].ends_with("; further ones of this client are only counted"));
    client.write_all(&[b'x'; 5000]).unwrap();
    // A client that closes with frames unread takes what the hub has not read yet with it: first an answer, then the end.
    client.write_all(b"\rV\r").unwrap();
    read_until(&mut client, "V1013");
    drop(client);
    let left = std::iter::from_fn(|| hub.lines.recv_timeout(PATIENCE).ok())
        .find(|line| line.contains("gone"))
        .unwrap();
    let problems: u64 = left.split(", ").last().unwrap().trim_end_matches(" bad commands").parse().unwrap();
    assert!(problems > 20, "{left}");
    assert!(hub.errors.try_recv().is_err());
    // The next client finds the hub as the first did.
    let mut next = hub.connect();
    ask(&mut next, "V\r", "V1013\r");
}

#[test]
fn a_client_that_never_reads_delays_nobody() {
    let hub = hub("slcan", &["--speed", "20"]);
    let mut lazy = hub.connect();
    lazy.write_all(b"O\r").unwrap();
    let mut eager = hub.connect();
    ask(&mut eager, "O\r", "\r");
    let reader = std::thread::spawn(move || {
        let mut eager = BufReader::with_capacity(1 << 20, eager);
        let (mut count, mut byte) = (0_u64, Vec::new());
        while count < 200_000 && eager.read_until(b'\r', &mut byte).unwrap() > 0 {
            count += 1;
            byte.clear();
        }
        count
    });
    // On a busy machine the other one may be named as well.
    let address = lazy.local_addr().unwrap().to_string();
    let told = std::iter::from_fn(|| hub.errors.recv_timeout(PATIENCE).ok())
        .find(|line| line.contains(&address))
        .unwrap();
    assert!(told.ends_with("reads too slowly, frames for it are dropped"), "{told}");
    assert_eq!(reader.join().unwrap(), 200_000);
    drop(lazy);
    let left =
        std::iter::from_fn(|| hub.lines.recv_timeout(PATIENCE).ok()).filter(|line| line.contains("gone"));
    assert!(left.take(2).any(|line| !line.contains(" 0 dropped")));
}

#[test]
fn who_sends_faster_than_the_bus_takes_waits() {
    let hub = hub("socketcand", &["--classic"]);
    let mut listener = hub.connect();
    ask(&mut listener, "", "< hi >");
    ask(&mut listener, "< open can0 >", "< ok >");
    ask(&mut listener, "< rawmode >", "< ok >");
    let mut sender = hub.connect();
    ask(&mut sender, "", "< hi >");
    ask(&mut sender, "< open can0 >", "< ok >");
    // It hears.
    read_until(&mut listener, "< frame 100 ");
    read_until(&mut listener, ">");
    // 3000 frames of about 120 us are 0.36 s of the bus.
    let all: String =
        (0..3000).map(|k| format!("< send 7F0 8 0 0 0 0 0 0 {:x} {:x} >", k / 256, k % 256)).collect();
    let started = Instant::now();
    sender.write_all(all.as_bytes()).unwrap();
    let mut next = 0;
    while next < 3000 {
        let text = read_until(&mut listener, ">");
        if text.starts_with("< frame 7F0 ") {
            assert!(text.ends_with(&format!("{next:04X} >")), "{text}, {next}");
            next += 1;
        }
    }
    assert!(started.elapsed() > Duration::from_millis(250));
}
