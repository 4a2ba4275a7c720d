package storage

// CopyTo makes a packed copy of the current file.
func (s *Store) CopyTo(path string) error { return s.copyCurrent(path) }

// AfterStep lets a test see, or fail, each step of a rotation.
func (s *Store) AfterStep(see func(step string) error) { s.afterStep = see }

// RotationSteps are the steps in their order.
var RotationSteps = []string{stepBuilt, stepNamed, stepOpened, stepListed, stepSwitched}

// ParseManifest reads a list of periods and writes it again.
func ParseManifest(data []byte) ([]byte, error) {
	found, err := parseManifest(data)
	if err != nil {
		return nil, err
	}
	return found.encode()
}

// SchemaVersion is what new files have.
const SchemaVersion = schemaVersion
