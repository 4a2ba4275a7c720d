package port

import "net/url"

// What needs hardware is tested over stand-ins for it: these make the port that
// Dial makes of the real thing.

const (
	OutBytesMax = outBytesMax
	EmptyPause  = emptyPause
)

// OverBulk is what Dial makes of usb.
func OverBulk(device bulkDevice, packetBytes int, name string) Port {
	return &link{stream: newBulkStream(device, packetBytes), name: name}
}

// OverPrinterNode is what Dial makes of usblp.
func OverPrinterNode(file stream, settle func() error, name string) Port {
	return &link{stream: newPrinterNode(file, settle), name: name}
}

// ReadUSBAddress reads the numbers of a URL of usb.
func ReadUSBAddress(rawURL string) (numbers, serial string, err error) {
	var address *url.URL
	if address, err = parseAddress(rawURL); err != nil {
		return "", "", err
	}
	read, err := readUSBAddress(address)
	return read.String(), read.serial, err
}

var Settle = settle
