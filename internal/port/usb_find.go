//go:build cgo && !nousb

package port

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/gousb"
)

// findDevice opens the one device that is meant.
func findDevice(library *gousb.Context, wanted usbAddress) (*gousb.Device, error) {
	opened, err := library.OpenDevices(func(seen *gousb.DeviceDesc) bool {
		return seen.Vendor == gousb.ID(wanted.vendor) && seen.Product == gousb.ID(wanted.product)
	})
	return chooseDevice(opened, err, wanted)
}

// candidate is an open device of the right model.
type candidate interface {
	SerialNumber() (string, error)
	Close() error
}

// chooseDevice keeps the device that is meant and closes the others. One that could
// not be opened (openErr) does not hide those that could.
func chooseDevice[D candidate](opened []D, openErr error, wanted usbAddress) (chosen D, err error) {
	if len(opened) == 0 && openErr != nil {
		return chosen, fmt.Errorf("open: %w (%s)", openErr, usbHint(openErr, wanted))
	}
	if len(opened) == 0 {
		return chosen, errors.New(hintUSBMissing)
	}
	var meant, others []D
	var serials []string
	for _, device := range opened {
		serial, err := device.SerialNumber()
		if err != nil {
			serial = "" // as good as none: it cannot be asked for
		}
		serials = append(serials, fmt.Sprintf("%q", serial))
		if wanted.serial == "" || serial == wanted.serial {
			meant = append(meant, device)
		} else {
			others = append(others, device)
		}
	}
	if len(meant) == 1 {
		return meant[0], closeAll(others)
	}
	wrong := fmt.Errorf("%d devices %v fit, want one; serial numbers plugged in: %s: write the right one as usb://%v/SERIAL",
		len(meant), wanted, strings.Join(serials, ", "), wanted)
	return chosen, errors.Join(wrong, closeAll(opened))
}

func closeAll[D candidate](devices []D) error {
	var faults []error
	for _, device := range devices {
		faults = append(faults, device.Close())
	}
	return errors.Join(faults...)
}

// bulkPipes is a setting of an interface and its endpoints; in is nil if the
// device only listens.
type bulkPipes struct {
	number, alternate int
	in, out           *gousb.EndpointDesc
}

// Protocols of the printer class that are more than bytes both ways (Printing
// Devices 1.1, 4.2.1; IPP over USB 1.0). One-way and two-way are 1 and 2.
const (
	protocol1284Packets gousb.Protocol = 3
	protocolIPP         gousb.Protocol = 4
)

// pickPipes finds the interface that carries bytes: a printer's, both ways if it
// can be had, before one of data or of the vendor's own class.
func pickPipes(config gousb.ConfigDesc) (bulkPipes, error) {
	var best bulkPipes
	bestRank := 0
	for position, each := range config.Interfaces {
		// gousb looks alternate settings up by position.
		if each.Number != position {
			continue
		}
		for _, setting := range each.AltSettings {
			pipes := pipesOf(setting)
			if rank := rankPipes(setting, pipes); rank > bestRank {
				best, bestRank = pipes, rank
			}
		}
	}
	if bestRank == 0 {
		return bulkPipes{}, errors.New("no interface with bulk pipes of class printer, data or vendor")
	}
	return best, nil
}

// rankPipes says how well a setting fits; 0 is not at all.
func rankPipes(setting gousb.InterfaceSetting, pipes bulkPipes) int {
	printer := setting.Class == gousb.ClassPrinter &&
		setting.Protocol != protocol1284Packets && setting.Protocol != protocolIPP
	bytes := setting.Class == gousb.ClassData || setting.Class == gousb.ClassVendorSpec
	switch {
	case pipes.out == nil:
		return 0
	case printer && pipes.in != nil:
		return 3
	case bytes && pipes.in != nil:
		return 2
	case printer:
		return 1
	default:
		return 0
	}
}

// pipesOf takes the first bulk endpoint of each direction.
func pipesOf(setting gousb.InterfaceSetting) bulkPipes {
	pipes := bulkPipes{number: setting.Number, alternate: setting.Alternate}
	for _, address := range slices.Sorted(maps.Keys(setting.Endpoints)) {
		endpoint := setting.Endpoints[address]
		switch {
		case endpoint.TransferType != gousb.TransferTypeBulk || endpoint.MaxPacketSize == 0:
		case endpoint.Direction == gousb.EndpointDirectionIn && pipes.in == nil:
			pipes.in = &endpoint
		case endpoint.Direction == gousb.EndpointDirectionOut && pipes.out == nil:
			pipes.out = &endpoint
		}
	}
	return pipes
}
