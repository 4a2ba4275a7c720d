package config

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Identity reads of the file at path only what an enrolment needs: the terminal and
// central, paths absolute. Unlike [Load] it wants none of the files to exist, for the
// enrolment makes them.
func Identity(path string) (terminal string, central Central, err error) {
	data, err := readBounded(path, sizeMax)
	if err != nil {
		return "", Central{}, fmt.Errorf("read configuration: %w", err)
	}
	loaded := defaults()
	if err := decode(path, data, &loaded); err != nil {
		return "", Central{}, err
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return "", Central{}, fmt.Errorf("find folder of %s: %w", path, err)
	}
	found := &checker{}
	if !terminalID.MatchString(loaded.Till.TerminalID) {
		found.fail("till.terminal_id", "missing or not of letters, digits, - and _", `write terminal_id = "T-0003" as central knows this till`)
	}
	found.want("central.url", loaded.Central.URL, "https://central.example.com")
	for _, file := range []struct {
		key  string
		path *string
	}{{"central.ca", &loaded.Central.CA}, {"central.certificate", &loaded.Central.Certificate}, {"central.key", &loaded.Central.Key}} {
		found.want(file.key, *file.path, "certificates/till.pem")
		absolute(file.path, folder)
	}
	problems := make([]error, len(found.problems))
	for i, problem := range found.problems {
		problem.Path = path
		problems[i] = problem
	}
	return loaded.Till.TerminalID, loaded.Central, errors.Join(problems...)
}
