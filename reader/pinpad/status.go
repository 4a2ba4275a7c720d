package pinpad

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"balcao/reader/abecs"
	"balcao/terminal/device"
)

// Details of a status, ids of the catalogues.
const (
	DetailUnplugged    = "device.pinpad.unplugged"     // no such port: plug it in, switch it on
	DetailNoPermission = "device.pinpad.no_permission" // the port may not be opened by this user
	DetailCannotOpen   = "device.pinpad.cannot_open"   // the port is there and does not open
	DetailLinkLost     = "device.pinpad.link_lost"     // nothing, or nonsense, comes back
	DetailTooOld       = "device.pinpad.too_old"       // an edition of the standard before 2.00
	DetailRefused      = "device.pinpad.refused"       // it refused to open
	DetailStarting     = "device.pinpad.starting"
	DetailTables       = "device.pinpad.tables"        // tables are being loaded
	DetailTablesFailed = "device.pinpad.tables_failed" // it works with the tables it has
	DetailNoKey        = "device.pinpad.no_key"        // the acquirer's key is not in its slot
)

// lightStarting is shown until a pinpad is ready.
const lightStarting = device.Warning

// report tells the till what is new, and nothing twice.
func (p *Pinpad) report(status device.Status) (isNew bool) {
	if status == p.reported {
		return false
	}
	p.reported = status
	if p.config.OnStatus != nil {
		p.config.OnStatus(status)
	}
	return true
}

func (p *Pinpad) status(info abecs.Info, light device.Light, detail string) device.Status {
	return device.Status{
		Kind: device.Pinpad, Light: light, Detail: detail,
		Model: info.ModelName(), Serial: info.Serial, Firmware: info.Firmware,
	}
}

// reportStarting is silent while an error stands: a device that opens and fails
// again and again would blink.
func (p *Pinpad) reportStarting() {
	if p.reported.Light != device.Error {
		p.report(p.status(abecs.Info{}, lightStarting, DetailStarting))
	}
}

func (p *Pinpad) reportReady(info abecs.Info, tablesErr error) {
	switch {
	case info.KeyMissing(p.config.PINSlot, p.config.DataSlot):
		p.report(p.status(info, device.Warning, DetailNoKey))
	case tablesErr != nil:
		p.report(p.status(info, device.Warning, DetailTablesFailed))
	default:
		p.report(p.status(info, device.OK, ""))
	}
}

// reportFailure tells why there is no pinpad to work with.
func (p *Pinpad) reportFailure(err error) (isNew bool) {
	light, detail := device.Error, DetailLinkLost
	var refused *abecs.StatusError
	switch {
	case errors.Is(err, errNotOpened):
		light, detail = failureToOpen(err)
	case errors.Is(err, errTooOld):
		detail = DetailTooOld
	case errors.As(err, &refused):
		detail = DetailRefused
	case errors.Is(err, errUnplugged):
		light, detail = device.Absent, DetailUnplugged
	}
	return p.report(p.status(abecs.Info{}, light, detail))
}

func failureToOpen(err error) (device.Light, string) {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return device.Error, DetailNoPermission
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, context.DeadlineExceeded):
		return device.Absent, DetailUnplugged
	}
	return device.Error, DetailCannotOpen
}
