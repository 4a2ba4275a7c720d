package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"balcao/terminal/operator"
)

// operatorCommand helps with the operators file.
type operatorCommand struct {
	Hash hashCommand `cmd:"" help:"Read a PIN from the terminal or standard input and print the line for the operators file."`
}

// hashCommand hashes one PIN.
type hashCommand struct{}

// PINs are 4 to 8 digits: shorter ones are guessed, longer ones are written on the till.
const (
	pinDigitsMin = 4
	pinDigitsMax = 8
)

// Run prints the Argon2id string of a PIN. The PIN is never an argument: those
// are for everybody to see.
func (c *hashCommand) Run() error {
	pin, err := readPIN()
	if err != nil {
		return err
	}
	if len(pin) < pinDigitsMin || len(pin) > pinDigitsMax || strings.Trim(pin, "0123456789") != "" {
		return fmt.Errorf("a PIN has %d to %d digits", pinDigitsMin, pinDigitsMax)
	}
	var salt [16]byte
	rand.Read(salt[:])
	fmt.Println(operator.HashPIN(pin, salt))
	return nil
}

func readPIN() (string, error) {
	if input := int(os.Stdin.Fd()); term.IsTerminal(input) {
		fmt.Fprint(os.Stderr, "PIN: ")
		typed, err := term.ReadPassword(input)
		fmt.Fprintln(os.Stderr)
		return string(typed), err
	}
	lines := bufio.NewScanner(os.Stdin)
	if !lines.Scan() {
		return "", errors.Join(errors.New("no PIN on standard input"), lines.Err())
	}
	return strings.TrimSpace(lines.Text()), nil
}
