//! Programs that never outlive the test that started them.

use std::{
    ffi::OsStr,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::Duration,
};

use crate::wait;

/// Runs a program in a process group of its own until the program ends or our end of the standard
/// input is closed, which the kernel does for a test process that dies. A value in a `static` is
/// never dropped, so `Drop` alone would leave its program behind.
const KEEPER: &str = r#"
set -m
"$@" </dev/null &
program=$!
echo "$program" >"$KEEPER_PID_FILE"
{
    cat >/dev/null
    kill -TERM -- "-$program" 2>/dev/null
    for _ in $(seq 150); do kill -0 -- "-$program" 2>/dev/null || exit 0; sleep 0.1; done
    kill -KILL -- "-$program" 2>/dev/null
} <&0 &
watcher=$!
# `wait` ends when the program is stopped as well, which is not its end. (`wait -f` now and then never ends.)
while kill -0 "$program" 2>/dev/null; do
    wait "$program"
    kill -0 "$program" 2>/dev/null && sleep 0.05
done
wait "$program"
status=$?
kill -- "-$watcher" 2>/dev/null
# What the program started itself and did not end is ended here.
kill -TERM -- "-$program" 2>/dev/null
[[ -n $KEEPER_REMOVE ]] && rm -rf -- "$KEEPER_REMOVE"
exit "$status"
"#;

/// Longest time a program gets for an orderly end: 20 s, which is more than the services' own deadline for running requests.
const ORDERLY_END: Duration = Duration::from_secs(20);

/// A running program, ended when this is dropped and when the test process dies.
#[derive(Debug)]
pub struct Guarded {
    keeper: Child,
    input: Option<ChildStdin>,
    pid: u32,
}

impl Guarded {
    /// Starts `program`, its output going to the file `output`.
    ///
    /// `remove` is a directory that goes away with the program.
    pub fn start<I, S>(program: &Path, arguments: I, output: &Path, remove: Option<&Path>) -> Self
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let log = File::create(output).expect("the output file can be created");
        let pid_file = PathBuf::from(format!("{}.pid", output.display()));
        let mut keeper = Command::new("bash")
            .args(["-c", KEEPER, "keeper"])
            .arg(program)
            .args(arguments)
            .env("KEEPER_PID_FILE", &pid_file)
            .env("KEEPER_REMOVE", remove.unwrap_or(Path::new("")))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a file handle can be duplicated"))
            .stderr(log)
            .spawn()
            .expect("bash starts");
        let input = keeper.stdin.take();
        let pid = wait::poll(Duration::from_secs(10), || {
            std::fs::read_to_string(&pid_file).ok()?.trim().parse().ok()
        })
        .expect("the keeper names the program's process within 10 s");
        Self { keeper, input, pid }
    }

    /// The process id of the program itself.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// How the program ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.keeper
            .try_wait()
            .expect("our own child can be waited for")
    }

    /// Sends a signal by name (`INT`, `TERM`, `KILL`, …) to the program alone.
    pub fn signal(&self, name: &str) {
        signal(self.pid, name);
    }

    /// Waits for the program to end by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        wait::poll(limit, || self.ended())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.input.take());
        if self.wait(ORDERLY_END).is_none() {
            let _ = self.keeper.kill();
            let _ = self.keeper.wait();
        }
    }
}

/// Sends the signal `name` to process `pid`; nothing happens if it has gone.
pub fn signal(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .expect("kill runs");
}

/// Sends the signal `name` to the process group of `pid`, as a terminal does.
pub fn signal_group(pid: u32, name: &str) {
    let _ = Command::new("kill")
        .args(["-s", name, "--", &format!("-{pid}")])
        .stderr(Stdio::null())
        .status()
        .expect("kill runs");
}

/// Whether process `pid` exists and is more than a zombie.
pub fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        !stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| rest.trim_start().starts_with('Z'))
    })
}

/// Peak resident memory of process `pid` in bytes (`VmHWM`).
pub fn peak_memory(pid: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process is running");
    let kib: u64 = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .expect("the kernel states VmHWM in kB");
    kib * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_ends_the_program_and_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner.pid");
        let script = format!("sleep 600 & echo $! >{}; wait", inner.display());
        let guarded = Guarded::start(
            Path::new("bash"),
            ["-c", &script],
            &dir.path().join("out"),
            None,
        );
        let inner: u32 = wait::poll(Duration::from_secs(5), || {
            std::fs::read_to_string(&inner).ok()?.trim().parse().ok()
        })
        .unwrap();
        let outer = guarded.pid();
        assert!(is_alive(outer) && is_alive(inner));
        drop(guarded);
        assert!(!is_alive(outer));
        assert!(wait::poll(Duration::from_secs(5), || (!is_alive(inner)).then_some(())).is_some());
    }

    #[test]
    fn a_program_that_is_stopped_for_a_while_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let output = dir.path().join("out");
        let script = "while :; do echo on; sleep 0.01; done";
        let mut guarded = Guarded::start(Path::new("bash"), ["-c", script], &output, None);
        guarded.signal("STOP");
        let is_stopped = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", guarded.pid())).ok()?;
            stat.contains(") T ").then_some(())
        };
        assert!(wait::poll(Duration::from_secs(5), is_stopped).is_some());
        guarded.signal("CONT");
        let length = || std::fs::metadata(&output).map_or(0, |file| file.len());
        let before = length();
        let goes_on = || (length() > before).then_some(());
        assert!(wait::poll(Duration::from_secs(5), goes_on).is_some());
        assert!(guarded.ended().is_none());
    }

    #[test]
    fn an_end_by_itself_is_seen_with_its_status() {
        let dir = tempfile::tempdir().unwrap();
        let mut guarded = Guarded::start(
            Path::new("bash"),
            ["-c", "exit 3"],
            &dir.path().join("out"),
            None,
        );
        assert_eq!(
            guarded.wait(Duration::from_secs(5)).unwrap().code(),
            Some(3)
        );
    }
}
