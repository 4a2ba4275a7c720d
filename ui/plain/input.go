package plain

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// Limits of the input: the longest line is what a command's text may hold, and a
// script may run ahead by some lines.
const (
	lineMaxBytes = 1 << 10
	linesMax     = 16
)

// scanSilence is within which a keyboard-wedge scanner sends the line feed behind
// its carriage return. On a terminal that would be an empty line, and an empty line
// pays: it is dropped.
const scanSilence = 60 * time.Millisecond

// line is one line of the input.
type line struct {
	text   string
	secret bool // a PIN
	long   bool // longer than [lineMaxBytes]: the rest was dropped
}

// input reads lines. On a terminal it reads a PIN without an echo.
type input struct {
	reader   *bufio.Reader
	lines    chan line
	ended    chan struct{} // closed when there is nothing left to read
	terminal int           // file descriptor, -1 for none
	before   *term.State
}

func newInput(in io.Reader) *input {
	made := &input{
		reader: bufio.NewReaderSize(in, lineMaxBytes), lines: make(chan line, linesMax), ended: make(chan struct{}), terminal: -1,
	}
	if file, ok := in.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		made.terminal = int(file.Fd())
		// Without a state to go back to there is nothing to restore.
		made.before, _ = term.GetState(made.terminal)
	}
	return made
}

func (i *input) isTerminal() bool { return i.terminal >= 0 }

// restore gives a terminal its echo back if the session ended while a PIN was read.
func (i *input) restore() {
	if i.before != nil {
		_ = term.Restore(i.terminal, i.before)
	}
}

// read brings lines until the input ends, however it ends: a terminal that went
// away is an end like any other.
func (i *input) read(ctx context.Context) {
	defer close(i.ended)
	defer close(i.lines)
	secret, last := false, time.Time{}
	for {
		one, err := i.next(secret)
		now := time.Now()
		feed := i.isTerminal() && !secret && one.text == "" && now.Sub(last) < scanSilence
		last = now
		if err == nil && !feed {
			secret = !secret && !one.long && wantsPIN(one.text)
			select {
			case i.lines <- one:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// next reads one line without its end.
func (i *input) next(secret bool) (line, error) {
	if secret && i.isTerminal() && i.reader.Buffered() == 0 {
		typed, err := term.ReadPassword(i.terminal)
		return line{text: string(typed), secret: true}, err
	}
	typed, cut, err := i.reader.ReadLine()
	one := line{text: string(typed), secret: secret, long: cut}
	for cut && err == nil {
		_, cut, err = i.reader.ReadLine()
	}
	if errors.Is(err, io.EOF) && one.text != "" {
		err = nil
	}
	return one, err
}
