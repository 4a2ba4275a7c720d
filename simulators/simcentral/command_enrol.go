package simcentral

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// commandPair prints a code that a technician types at the till.
func (s *Server) commandPair(_ context.Context, args []string) (string, error) {
	if len(args) < 2 {
		return "", errors.New("a store and a terminal are needed")
	}
	for _, name := range args[:2] {
		if strings.ContainsAny(name, `|"/\`) {
			return "", fmt.Errorf("%q is no name of a store or terminal", name)
		}
	}
	life, err := optionalDuration(args[2:], pairingLife)
	if err != nil {
		return "", err
	}
	return s.pair(args[0], args[1], life)
}
