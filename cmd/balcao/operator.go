package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"balcao/internal/config"
)

// operatorCommand helps with the operators file.
type operatorCommand struct {
	Hash hashCommand `cmd:"" help:"Read a PIN from the terminal or standard input and print the line for the operators file."`
}

// hashCommand hashes one PIN.
type hashCommand struct{}

// Run prints the Argon2id string of a PIN. The PIN is never an argument: those
// are for everybody to see.
func (c *hashCommand) Run() error {
	pin, err := readPIN()
	if err != nil {
		return err
	}
	hash, err := config.HashPIN(pin)
	if err != nil {
		return err
	}
	fmt.Println(hash)
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
