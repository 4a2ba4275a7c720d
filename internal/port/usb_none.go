//go:build !cgo || nousb

package port

import "errors"

// openUSB says why this program cannot.
func openUSB(usbAddress) (device bulkDevice, packetBytes int, err error) {
	return nil, 0, errors.New("built without USB support (tag nousb): use usblp:///dev/usb/lp0, or the device's serial or network port")
}
