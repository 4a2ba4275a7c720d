package simcentral

// DynamicCode is the BR code of a charge at a location.
func DynamicCode(location, name, city string) (string, error) {
	return dynamicCode(location, name, city)
}

// CRC16 is the check sum of a BR code.
func CRC16(text string) uint16 { return crc16(text) }
