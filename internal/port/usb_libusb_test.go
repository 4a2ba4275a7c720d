//go:build cgo && !nousb

package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gousb"
	"github.com/stretchr/testify/require"
)

func TestADeviceThatIsNotPluggedInIsNamedSo(t *testing.T) {
	// ffff is no vendor's number: usb.org gives it to nobody.
	for _, rawURL := range []string{"usb://ffff:fffe", "usb://ffff:fffe/J5PK003421"} {
		_, err := Dial(t.Context(), rawURL)
		require.ErrorContains(t, err, "dial "+rawURL+": "+hintUSBMissing)
	}
}

// transferring is a device whose transfers end with one status of gousb.
type transferring struct {
	usbDevice
	status error
}

func (d *transferring) In(ctx context.Context, _ []byte) (int, error) {
	return 0, d.explain(ctx, d.status)
}

func (d *transferring) Out(ctx context.Context, _ []byte) (int, error) {
	<-ctx.Done()
	return 0, d.explain(ctx, gousb.TransferCancelled)
}

func TestEveryStatusOfATransferHasItsMeaning(t *testing.T) {
	for _, status := range []error{
		gousb.TransferNoDevice, gousb.TransferError, gousb.TransferStall, gousb.TransferOverflow, gousb.TransferTimedOut,
		gousb.TransferCancelled, // by nobody of ours
		gousb.ErrorNoDevice, gousb.ErrorIO,
	} {
		t.Run(status.Error(), func(t *testing.T) {
			device := &transferring{status: status}
			till := &link{stream: newBulkStream(device, 64), name: "usb://04b8:0e27"}
			_, err := till.Read(make([]byte, 1))
			require.ErrorIs(t, err, ErrGone)
			require.ErrorIs(t, err, status)
			require.Equal(t, errors.Is(status, gousb.TransferOverflow), strings.Contains(err.Error(), "bytes are lost"))
			require.NoError(t, till.SetWriteDeadline(time.Now().Add(time.Millisecond)))
			_, err = till.Write([]byte("x"))
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.NotErrorIs(t, err, ErrGone)
			require.NoError(t, till.Close())
			require.Equal(t, errors.Is(status, gousb.TransferStall), device.stalled.Load(), "only a stall needs a reset")
		})
	}
}

func TestLayersCloseTheLastFirstWhateverFails(t *testing.T) {
	var order []string
	var opened layers
	for _, name := range []string{"libusb", "device", "configuration", "interface"} {
		opened.add(name, func() error {
			order = append(order, name)
			if name == "configuration" {
				return io.ErrUnexpectedEOF
			}
			return nil
		})
	}
	err := opened.close()
	require.Equal(t, []string{"interface", "configuration", "device", "libusb"}, order)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, "configuration: ")
	require.NoError(t, opened.close(), "each is closed once")
	require.Len(t, order, 4)
}

// plugged is an open device with a serial number.
type plugged struct {
	serial string
	fault  error // of reading the serial number
	closed bool
}

func (p *plugged) SerialNumber() (string, error) { return p.serial, p.fault }

func (p *plugged) Close() error {
	p.closed = true
	return nil
}

func TestTheOneDeviceThatIsMeantStaysOpen(t *testing.T) {
	kitchen, counter, mute := &plugged{serial: "KITCHEN"}, &plugged{serial: "COUNTER"}, &plugged{fault: gousb.ErrorPipe}
	chosen, err := chooseDevice([]*plugged{kitchen, counter, mute}, nil, usbAddress{serial: "COUNTER"})
	require.NoError(t, err)
	require.Same(t, counter, chosen)
	require.False(t, counter.closed)
	require.True(t, kitchen.closed && mute.closed)
}

func TestOneDeviceThatDoesNotOpenHidesNoOther(t *testing.T) {
	only := &plugged{}
	chosen, err := chooseDevice([]*plugged{only}, gousb.ErrorAccess, usbAddress{})
	require.NoError(t, err)
	require.Same(t, only, chosen)
	require.False(t, only.closed)
}

func TestDevicesThatCannotBeToldApartAreClosedAndNamed(t *testing.T) {
	model := usbAddress{vendor: 0x04b8, product: 0x0e27}
	for name, wanted := range map[string]usbAddress{
		"2 devices 04b8:0e27 fit": model,
		"0 devices 04b8:0e27 fit": {vendor: 0x04b8, product: 0x0e27, serial: "BAR"},
	} {
		t.Run(name, func(t *testing.T) {
			kitchen, counter := &plugged{serial: "KITCHEN"}, &plugged{serial: "COUNTER"}
			_, err := chooseDevice([]*plugged{kitchen, counter}, nil, wanted)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, `"KITCHEN", "COUNTER": write the right one as usb://04b8:0e27/SERIAL`)
			require.True(t, kitchen.closed && counter.closed)
		})
	}
}

func TestErrorsOfLibusbSayWhatToDo(t *testing.T) {
	epson := usbAddress{vendor: 0x04b8, product: 0x0e27}
	_, err := chooseDevice[*plugged](nil, gousb.ErrorAccess, epson)
	require.ErrorIs(t, err, gousb.ErrorAccess)
	require.ErrorContains(t, err, "group lp")
	require.ErrorContains(t, err, `ATTR{idVendor}=="04b8"`)
	_, err = chooseDevice[*plugged](nil, nil, epson)
	require.EqualError(t, err, hintUSBMissing)

	unwrapped := fmt.Errorf("failed to claim interface 0 on vid=04b8: %v", gousb.ErrorBusy) // %v, as gousb does
	require.Equal(t, hintBusy, usbHint(unwrapped, epson))
	require.Equal(t, hintUSBMissing, usbHint(gousb.ErrorNoDevice, epson))
	require.Equal(t, hintUSBPipes, usbHint(errors.New("no interface"), epson))
}

// setting describes an interface by class, protocol and endpoints: a number with
// the top bit (0x80) leads in, another out.
func setting(number, alternate int, class gousb.Class, protocol gousb.Protocol, endpoints ...gousb.EndpointAddress) gousb.InterfaceSetting {
	made := gousb.InterfaceSetting{
		Number: number, Alternate: alternate, Class: class, Protocol: protocol,
		Endpoints: map[gousb.EndpointAddress]gousb.EndpointDesc{},
	}
	for _, address := range endpoints {
		made.Endpoints[address] = gousb.EndpointDesc{
			Address: address, Number: int(address & 0x0f), Direction: gousb.EndpointDirection(address&0x80 != 0),
			TransferType: gousb.TransferTypeBulk, MaxPacketSize: 64,
		}
	}
	return made
}

// configuration puts settings under the interfaces of their numbers.
func configuration(settings ...gousb.InterfaceSetting) gousb.ConfigDesc {
	var made gousb.ConfigDesc
	for _, each := range settings {
		last := len(made.Interfaces) - 1
		if last < 0 || made.Interfaces[last].Number != each.Number {
			made.Interfaces = append(made.Interfaces, gousb.InterfaceDesc{Number: each.Number})
			last++
		}
		made.Interfaces[last].AltSettings = append(made.Interfaces[last].AltSettings, each)
	}
	return made
}

func TestTheInterfaceThatCarriesBytesIsFound(t *testing.T) {
	const printer, data, vendor = gousb.ClassPrinter, gousb.ClassData, gousb.ClassVendorSpec
	twoWay := setting(0, 0, printer, 2, 0x82, 0x01)
	for name, row := range map[string]struct {
		config        gousb.ConfigDesc
		number, other int // of the interface, and its alternate setting
		in, out       int // endpoints; in 0 is none
	}{
		"a printer":                        {configuration(twoWay), 0, 0, 2, 1},
		"a printer beside a keyboard":      {configuration(setting(0, 0, gousb.ClassHID, 1, 0x81), setting(1, 0, printer, 2, 0x82, 0x03)), 1, 0, 2, 3},
		"a printer before a vendor's own":  {configuration(setting(0, 0, vendor, 0, 0x81, 0x01), setting(1, 0, printer, 2, 0x82, 0x02)), 1, 0, 2, 2},
		"both ways before one way":         {configuration(setting(0, 0, printer, 1, 0x01), setting(0, 1, printer, 2, 0x81, 0x01)), 0, 1, 1, 1},
		"bytes before packets":             {configuration(setting(0, 0, printer, 3, 0x81, 0x01), setting(0, 1, printer, 2, 0x81, 0x01)), 0, 1, 1, 1},
		"one way if there is nothing else": {configuration(setting(0, 0, printer, 1, 0x01)), 0, 0, 0, 1},
		"the data of a modem":              {configuration(setting(0, 0, gousb.ClassComm, 1, 0x83), setting(1, 0, data, 0, 0x81, 0x02)), 1, 0, 1, 2},
		"a vendor's own class":             {configuration(setting(0, 0, vendor, 0, 0x81, 0x01, 0x02, 0x83)), 0, 0, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			pipes, err := pickPipes(row.config)
			require.NoError(t, err)
			require.Equal(t, []int{row.number, row.other}, []int{pipes.number, pipes.alternate})
			require.Equal(t, row.out, pipes.out.Number)
			require.Equal(t, row.in == 0, pipes.in == nil)
			if pipes.in != nil {
				require.Equal(t, row.in, pipes.in.Number)
			}
		})
	}
}

func TestInterfacesThatCarryNoBytesAreLeftAlone(t *testing.T) {
	interrupt := setting(0, 0, gousb.ClassPrinter, 2, 0x81, 0x01)
	for address, endpoint := range interrupt.Endpoints {
		endpoint.TransferType = gousb.TransferTypeInterrupt
		interrupt.Endpoints[address] = endpoint
	}
	for name, config := range map[string]gousb.ConfigDesc{
		"not configured":             {},
		"a memory stick":             configuration(setting(0, 0, gousb.ClassMassStorage, 80, 0x81, 0x02)),
		"IPP over USB":               configuration(setting(0, 0, gousb.ClassPrinter, 4, 0x81, 0x01)),
		"only in":                    configuration(setting(0, 0, gousb.ClassPrinter, 2, 0x81)),
		"a vendor's pipe out":        configuration(setting(0, 0, gousb.ClassVendorSpec, 0, 0x01)),
		"no bulk":                    configuration(interrupt),
		"numbers with a gap (gousb)": configuration(setting(3, 0, gousb.ClassPrinter, 2, 0x81, 0x01)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pickPipes(config)
			require.ErrorContains(t, err, "no interface with bulk pipes")
		})
	}
}
