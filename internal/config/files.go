package config

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"balcao/terminal/operator"
)

// Operators reads the people of the till: an array of tables `operator` with id,
// name, role and pin (an Argon2id string, as `balcao operator hash` prints it).
func Operators(path string) (map[string]operator.Operator, error) {
	data, err := readBounded(path, sizeMax)
	if err != nil {
		return nil, fmt.Errorf("read operators: %w", err)
	}
	var file struct {
		Operator []struct {
			ID   string        `toml:"id"`
			Name string        `toml:"name"`
			Role operator.Role `toml:"role"`
			PIN  string        `toml:"pin"`
		} `toml:"operator"`
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&file); err != nil {
		var unknown *toml.StrictMissingError
		if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
			line, column := unknown.Errors[0].Position()
			return nil, fmt.Errorf("read operators %s:%d:%d: unknown key %s", path, line, column, dotted(unknown.Errors[0].Key()))
		}
		return nil, fmt.Errorf("read operators %s: %w", path, err)
	}
	people := map[string]operator.Operator{}
	for _, entry := range file.Operator {
		person := operator.Operator{ID: entry.ID, Name: entry.Name, Role: entry.Role, PINHash: entry.PIN}
		if person.ID == "" || person.Name == "" || !person.Role.Known() || !strings.HasPrefix(person.PINHash, "$argon2id$") {
			return nil, fmt.Errorf("operators %s: operator %q needs id, name, a known role and an argon2id pin", path, person.ID)
		}
		if _, taken := people[person.ID]; taken {
			return nil, fmt.Errorf("operators %s: operator %q stands twice", path, person.ID)
		}
		people[person.ID] = person
	}
	if len(people) == 0 {
		return nil, fmt.Errorf("operators %s: nobody could log in; add an [[operator]]", path)
	}
	return people, nil
}

// PINs are 4 to 8 digits: shorter ones are guessed, longer ones end up on a note
// beside the till.
const (
	pinDigitsMin = 4
	pinDigitsMax = 8
)

// HashPIN makes what an operators file holds of a PIN, under a new salt.
func HashPIN(pin string) (string, error) {
	if len(pin) < pinDigitsMin || len(pin) > pinDigitsMax || strings.Trim(pin, "0123456789") != "" {
		return "", fmt.Errorf("a PIN has %d to %d digits", pinDigitsMin, pinDigitsMax)
	}
	var salt [16]byte
	rand.Read(salt[:])
	return operator.HashPIN(pin, salt), nil
}

// Effective writes the configuration as it takes effect, paths absolute and
// defaults filled in. It holds no secret: secrets are files, and stay there.
func (c *Config) Effective(w io.Writer) error {
	masked := *c
	masked.Central.Key += " (secret, not shown)"
	masked.Till.Operators += " (secret, not shown)"
	if err := toml.NewEncoder(w).Encode(masked); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return nil
}
