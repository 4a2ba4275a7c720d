package simcentral

// DynamicCode is the BR code of a charge at a location.
func DynamicCode(location, name, city string) (string, error) {
	return dynamicCode(location, name, city)
}

// CRC16 is the check sum of a BR code.
func CRC16(text string) uint16 { return crc16(text) }

// Muted is how many connections stand open and hear nothing.
func (s *Server) Muted() int {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	return len(s.faults.line.muted)
}
