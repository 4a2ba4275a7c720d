package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"balcao/simulators/control"
	"balcao/simulators/simstore"
)

// ctlCommand works the devices of a running shop.
type ctlCommand struct {
	Dir   string   `type:"path" placeholder:"DIR" help:"The shop's folder (default: the demo's)."`
	Words []string `arg:"" help:"What to do, such as 'card insert visa-debit', 'printer paper-out', 'central down 30s'; 'help' lists all."`
}

// Run does what the words say and prints the answer.
func (c *ctlCommand) Run(ctx context.Context) error {
	if c.Words[0] == "help" {
		return printWords()
	}
	dir, err := shopDir(c.Dir)
	if err != nil {
		return err
	}
	shop, err := simstore.At(dir)
	if err != nil {
		return err
	}
	simulator, words, err := addressee(c.Words)
	if err != nil {
		return err
	}
	socket := shop.Control(simulator)
	if _, err := os.Stat(socket); err != nil {
		return fmt.Errorf("no shop is open in %s: start balcao-sim demo, or name the folder with --dir", dir)
	}
	return printAnswer(ctx, socket, words...)
}

// printAnswer says words to the simulator behind a socket and prints what it answers.
func printAnswer(ctx context.Context, socket string, words ...string) error {
	answer, err := control.Call(ctx, socket, words...)
	if answer = strings.TrimRight(answer, "\n"); answer != "" {
		fmt.Println(answer)
	}
	return err
}

// addressee finds the simulator that words are for, and what it hears of them.
func addressee(words []string) (simulator string, rest []string, err error) {
	for _, group := range vocabulary {
		if words[0] == group.simulator {
			return group.simulator, words[1:], nil
		}
		if slices.Contains(group.direct, words[0]) {
			return group.simulator, words, nil
		}
	}
	return "", nil, fmt.Errorf("nobody knows %q: words begin with %s; 'ctl help' lists all", words[0], strings.Join(beginnings(), ", "))
}

// beginnings are the words that a command may begin with.
func beginnings() []string {
	var simulators, direct []string
	for _, group := range vocabulary {
		simulators = append(simulators, group.simulator)
		direct = append(direct, group.direct...)
	}
	return append(simulators, direct...)
}

// printWords lists the vocabulary.
func printWords() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, group := range vocabulary {
		for _, word := range group.words {
			line := word.usage
			if !slices.Contains(group.direct, word.name()) {
				line = group.simulator + " " + line
			}
			fmt.Fprintf(table, "%s\t%s\n", line, word.meaning)
		}
	}
	return table.Flush()
}
