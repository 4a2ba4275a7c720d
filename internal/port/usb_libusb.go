//go:build cgo && !nousb

package port

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/gousb"
)

// usbDevice is a bulkDevice of libusb: the pipes of one claimed interface.
type usbDevice struct {
	in          *gousb.InEndpoint // nil if the device only listens
	out         *gousb.OutEndpoint
	packetBytes int
	stalled     atomic.Bool
	layers      layers
}

// openUSB opens and claims a device. The kernel's driver is set aside and comes
// back with Close.
func openUSB(wanted usbAddress) (device bulkDevice, packetBytes int, err error) {
	opened := &usbDevice{}
	if err := opened.open(wanted); err != nil {
		return nil, 0, errors.Join(err, opened.Close())
	}
	return opened, opened.packetBytes, nil
}

func (d *usbDevice) open(wanted usbAddress) error {
	library, err := startLibusb()
	if err != nil {
		return err
	}
	d.layers.add("libusb", library.Close)
	device, err := findDevice(library, wanted)
	if err != nil {
		return err
	}
	d.layers.add("device", device.Close)
	// A halted pipe stays so for the next who opens the device, unless it is reset;
	// gousb can do that only here, between configuration and device.
	d.layers.add("reset device", func() error {
		if !d.stalled.Load() {
			return nil
		}
		return device.Reset()
	})
	if err := d.claim(device); err != nil {
		return fmt.Errorf("%w (%s)", err, usbHint(err, wanted))
	}
	return nil
}

// claim takes the interface that carries bytes, in the configuration that the
// kernel chose. Drivers of other interfaces keep theirs: gousb would detach them
// all if it were told of the automatic detaching before it sets a configuration.
func (d *usbDevice) claim(device *gousb.Device) error {
	active, err := device.ActiveConfigNum()
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	pipes, err := pickPipes(device.Desc.Configs[active])
	if err != nil {
		return err
	}
	config, err := device.Config(active)
	if err != nil {
		return err
	}
	d.layers.add("configuration", config.Close)
	if err := device.SetAutoDetach(true); err != nil {
		return fmt.Errorf("set the kernel's driver aside: %w", err)
	}
	claimed, err := config.Interface(pipes.number, pipes.alternate)
	if err != nil {
		return err
	}
	d.layers.add("interface", func() error { claimed.Close(); return nil })
	return d.connect(claimed, pipes)
}

func (d *usbDevice) connect(claimed *gousb.Interface, pipes bulkPipes) error {
	var err error
	if d.out, err = claimed.OutEndpoint(pipes.out.Number); err != nil {
		return err
	}
	d.packetBytes = pipes.out.MaxPacketSize
	if pipes.in == nil {
		return nil
	}
	d.packetBytes = pipes.in.MaxPacketSize
	d.in, err = claimed.InEndpoint(pipes.in.Number)
	return err
}

func (d *usbDevice) In(ctx context.Context, packet []byte) (int, error) {
	if d.in == nil {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	n, err := d.in.ReadContext(ctx, packet)
	return n, d.explain(ctx, err)
}

func (d *usbDevice) Out(ctx context.Context, data []byte) (int, error) {
	n, err := d.out.WriteContext(ctx, data)
	return n, d.explain(ctx, err)
}

// explain tells our own cancelling, of which gousb knows no reason, from faults.
func (d *usbDevice) explain(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, gousb.TransferCancelled) && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, gousb.TransferOverflow):
		return fmt.Errorf("bytes are lost: %w", err)
	case errors.Is(err, gousb.TransferStall):
		d.stalled.Store(true)
	}
	return err
}

// Close gives everything back, the last first; gousb refuses any other order.
func (d *usbDevice) Close() error { return d.layers.close() }

// layers are what was opened one upon the other.
type layers []layer

type layer struct {
	name  string
	close func() error
}

func (l *layers) add(name string, closing func() error) { *l = append(*l, layer{name, closing}) }

// close closes the last first, and all of them whatever happens.
func (l *layers) close() error {
	var faults []error
	for _, each := range slices.Backward(*l) {
		if err := each.close(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", each.name, err))
		}
	}
	*l = nil
	return errors.Join(faults...)
}

// startLibusb turns into an error what is a panic in gousb: a system that lets
// nobody look at its buses is no reason for a till to die.
func startLibusb() (library *gousb.Context, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("start libusb: %v", cause)
		}
	}()
	return gousb.NewContext(), nil
}

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
		if err := closeAll(others); err != nil {
			return chosen, errors.Join(err, meant[0].Close())
		}
		return meant[0], nil
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

const (
	hintUSBMissing = "no such device: check cable and power; lsusb names what is plugged in"
	hintUSBPipes   = "not a device that can be used through libusb: check the numbers, or use its serial port"
)

// hintUSBForbidden fits printers, pinpads and scanners alike: the rule names the
// vendor, where one on the interface class would reach printers alone.
func hintUSBForbidden(vendor uint16) string {
	return fmt.Sprintf("no permission: add the service's user to group lp and give that group the device by a udev rule: "+
		`SUBSYSTEM=="usb", ATTR{idVendor}=="%04x", MODE="0660", GROUP="lp"`, vendor)
}

// usbHint says what a person can do about a device that does not open.
func usbHint(err error, wanted usbAddress) string {
	switch {
	case isUSBError(err, gousb.ErrorAccess):
		return hintUSBForbidden(wanted.vendor)
	case isUSBError(err, gousb.ErrorNoDevice), isUSBError(err, gousb.ErrorNotFound), isUSBError(err, gousb.ErrorIO):
		return hintUSBMissing
	case isUSBError(err, gousb.ErrorBusy):
		return hintBusy
	default:
		return hintUSBPipes
	}
}

// isUSBError looks at the text too, because gousb does not wrap the errors of
// claiming and configuring.
func isUSBError(err error, code gousb.Error) bool {
	return errors.Is(err, code) || strings.Contains(err.Error(), code.Error())
}
