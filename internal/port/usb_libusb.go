//go:build cgo && !nousb

package port

import (
	"context"
	"errors"
	"fmt"
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
