package port

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// usbAddress is what a USB device says of itself: whose it is, which model, and
// which piece of it, if that matters.
type usbAddress struct {
	vendor, product uint16
	serial          string
}

func (a usbAddress) String() string { return fmt.Sprintf("%04x:%04x", a.vendor, a.product) }

// dialUSB opens a device through libusb. ctx does not count: nothing here waits
// for the device to do something of its own.
func dialUSB(_ context.Context, address *url.URL) (stream, error) {
	wanted, err := readUSBAddress(address)
	if err != nil {
		return nil, err
	}
	device, packetBytes, err := openUSB(wanted)
	if err != nil {
		return nil, err
	}
	return newBulkStream(device, packetBytes), nil
}

// usbIDDigits is the length of a vendor and of a product number, as lsusb shows
// them.
const usbIDDigits = 4

func readUSBAddress(address *url.URL) (usbAddress, error) {
	if err := checkOptions(address); err != nil {
		return usbAddress{}, err
	}
	numbers, escaped, hasSerial := strings.Cut(strings.TrimPrefix(address.EscapedPath(), "/"), "/")
	vendorText, productText, _ := strings.Cut(numbers, ":")
	vendor, vendorErr := readUSBID(vendorText)
	product, productErr := readUSBID(productText)
	serial, serialErr := url.PathUnescape(escaped)
	if errors.Join(vendorErr, productErr, serialErr) != nil || hasSerial && serial == "" {
		return usbAddress{}, errors.New("write it as usb://VENDOR:PRODUCT, four hexadecimal digits each as lsusb shows them; /SERIAL may follow")
	}
	return usbAddress{vendor: vendor, product: product, serial: serial}, nil
}

func readUSBID(text string) (uint16, error) {
	if len(text) != usbIDDigits {
		return 0, strconv.ErrSyntax
	}
	id, err := strconv.ParseUint(text, 16, 16)
	return uint16(id), err
}
