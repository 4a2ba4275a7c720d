package simpsp

// Of the code, for its vector.
var (
	BRCode     = brCode
	LocationOf = locationOf
	CRC        = crc
)
