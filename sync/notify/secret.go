package notify

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"balcao/sync/transport"
)

const (
	// groupAndOthers are the mode bits that a file with a secret must not have.
	groupAndOthers os.FileMode = 0o177
	// secretBytesMax bounds a secret; services give a few dozen characters.
	secretBytesMax = 4 << 10
)

// readSecret reads a secret of one line that its owner alone may read.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&groupAndOthers != 0 {
		return "", fmt.Errorf("read secret: %s has mode %04o; only its owner may read it: chmod 600 %s", path, mode, path)
	}
	if info.Size() > secretBytesMax {
		return "", fmt.Errorf("read secret: %s is longer than %d bytes", path, secretBytesMax)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("read secret: %s is empty", path)
	}
	return secret, nil
}

// addressForm finds what servers like to repeat in a refusal: who was written to.
var addressForm = regexp.MustCompile(`[^\s<>"()]+@[^\s<>"()]+`)

// clean makes a peer's words fit for logs and facts: short, of one line, without
// addresses and without runs of digits as long as a card number.
func clean(words string) string {
	return transport.CleanDetail(addressForm.ReplaceAllString(strings.Join(strings.Fields(words), " "), "…"))
}
