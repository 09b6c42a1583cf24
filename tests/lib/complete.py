#!/usr/bin/env python3
"""Completes lines in a real interactive shell, on a terminal of its own.

usage: complete.py bash|zsh SCRIPT DIR   with one line to complete per line of standard input

Prints, for each, the line as it is once all that the shell offers was put in: exactly what would run
on Return. zsh's list of choices, with its descriptions, goes to DIR/list. The shell runs in DIR/work.
"""
import os
import pty
import select
import shutil
import signal
import sys
import time

SETUP = {
    "bash": r"""
bind 'set bell-style none'
bind -x '"\C-xp": printf "%s\0" "$READLINE_LINE" >>"$OUT"; READLINE_LINE="" READLINE_POINT=0'
bind '"\C-xa": insert-completions'
source "$SCRIPT"
""",
    "zsh": r"""
# compinit opens each file of fpath to see what it completes, a thousand: here ours only, and its own.
autoload -Uz +X compinit
all=($fpath) fpath=(${SCRIPT:h} ${functions_source[compinit]:h})
compinit -u -D
fpath=(${SCRIPT:h} $all)
autoload -Uz ${^all}/_*(N:t)
unsetopt beep
zstyle ':completion:all:*' completer _all_matches _complete
zstyle ':completion:all:*' insert yes
zstyle ':completion:*' verbose yes
LISTMAX=10000
zle -C all complete-word _generic
report() { print -n '<end>' >$TTY; printf '%s\0' "$BUFFER" >>"$OUT"; BUFFER='' }
zle -N report
bindkey '^Xp' report
bindkey '^Xa' all
bindkey '^Xd' list-choices
""",
}
ARGUMENTS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}


class Shell:
    """A shell on a terminal; what it prints is kept in self.seen."""

    def __init__(self, name, script, where):
        self.out = os.path.join(where, "out")
        open(self.out, "wb").close()
        environment = {"PATH": os.environ["PATH"], "HOME": where, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "INPUTRC": "/dev/null", "OUT": self.out, "SCRIPT": script, "PS1": "$ ",
                       "COLUMNS": "250", "LINES": "500"}
        setup = os.path.join(where, "setup")
        with open(setup, "w", encoding="ascii") as file:
            file.write(SETUP[name])
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(os.path.join(where, "work"))
            program = shutil.which(name)
            os.execve(program, [name] + ARGUMENTS[name], environment)
        self.seen = b""
        self.told = 0
        self.send(b". " + setup.encode() + b"; printf 'ready\\0' >>\"$OUT\"\n")
        self.answer()

    def send(self, keys):
        """Writes keys, reading meanwhile what the terminal shows."""
        while keys:
            self.read(0)
            keys = keys[os.write(self.fd, keys[:200]):]

    def read(self, seconds):
        """Takes what is there to read, within so many seconds."""
        if select.select([self.fd], [], [], seconds)[0]:
            self.seen += os.read(self.fd, 65536)

    def answer(self):
        """The next text that the shell writes to its file."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.read(0.02)
            with open(self.out, "rb") as file:
                texts = file.read().split(b"\0")
            if len(texts) > self.told + 1:
                self.told += 1
                return texts[self.told - 1]
        sys.exit("no answer; the terminal shows:\n" + self.seen.decode(errors="replace"))

    def close(self):
        """Ends the shell."""
        os.close(self.fd)
        try:
            os.kill(self.pid, signal.SIGHUP)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def main():
    """See above."""
    name, script, where = sys.argv[1:4]
    shell = Shell(name, os.path.abspath(script), os.path.abspath(where))
    for line in sys.stdin.buffer.read().splitlines():
        if name == "zsh" and line.startswith(b"?"):
            shell.seen = b""
            shell.send(line[1:] + b"\x18d\x18p")
            shell.answer()
            while b"<end>" not in shell.seen:
                shell.read(1)
            with open(os.path.join(where, "list"), "ab") as file:
                file.write(shell.seen)
            continue
        shell.send(line + b"\x18a\x18p")
        sys.stdout.buffer.write(shell.answer().replace(b"\n", b"<newline>") + b"\n")
    shell.close()


main()
