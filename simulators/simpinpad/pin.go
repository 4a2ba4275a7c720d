package simpinpad

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"balcao/simulators/hsm"
)

// pinIdleTime is how long a PIN screen waits for the next key.
// Source: ABECS 2.20, GPN and GOX.
const pinIdleTime = 60 * time.Second

// Lengths of a PIN in digits. Source: ISO 9564-1, 8.1; ABECS 2.20, GPN.
const (
	pinMin = 4
	pinMax = 12
)

// methodDUKPT is the only PIN method of this device; method 1 is known, but has no
// master key loaded. Source: ABECS 2.20, SPE_MTHDPIN.
const (
	methodMasterKey = "1"
	methodDUKPT     = "3"
)

// A pinScreen is one entry of a PIN.
type pinScreen struct {
	title    string
	min, max int
	idle     time.Duration
	// emptyAllowed lets OK on an empty field pass without a PIN.
	emptyAllowed bool
	// slot, when given, must keep its card.
	slot *insertion
}

// enterPIN lets the card holder type; only stars are seen. The display is blank
// afterwards. An empty PIN is one that was passed over.
func (d *device) enterPIN(screen pinScreen) (string, error) {
	d.keypad.listen()
	d.askingPIN = true
	defer func() {
		d.keypad.ignore()
		d.askingPIN = false
		d.screen.clear()
	}()
	if d.pin != "" {
		d.typePIN(d.pin)
		d.pin = ""
	}
	typed := ""
	for {
		d.showPIN(screen.title, len(typed))
		pressed, err := d.waitForKey(screen.slot, screen.idle, true)
		if err != nil {
			return "", err
		}
		switch {
		case pressed.digit() && len(typed) < screen.max:
			typed += string(rune(pressed))
		case pressed == keyClear:
			typed = typed[:max(0, len(typed)-1)]
		case pressed == keyOK && (len(typed) >= screen.min || typed == "" && screen.emptyAllowed):
			return typed, nil
		}
	}
}

// typePIN presses the digits of a PIN and OK.
func (d *device) typePIN(pin string) bool {
	keys := make([]key, 0, len(pin)+1)
	for _, digit := range pin {
		keys = append(keys, key(digit))
	}
	return d.keypad.press(append(keys, keyOK)...)
}

// showPIN keeps the last line for the stars.
func (d *device) showPIN(title string, typed int) {
	lines := wrapText(title)
	lines = lines[:min(len(lines), screenLines-1)]
	d.screen.rows(append(lines, strings.Repeat("*", typed))...)
}

// encryptPIN makes the block that leaves the device, under the next key of a slot.
func (d *device) encryptPIN(slot int, pin, pan string) ([]byte, hsm.KSN, error) {
	clear, err := hsm.EncodePINBlock(pin, pan)
	if err != nil {
		return nil, hsm.KSN{}, fmt.Errorf("encrypt PIN: %w: %w", err, statusInvalidParm)
	}
	ksn, transaction, err := d.pinSlots.use(slot)
	if err != nil {
		return nil, hsm.KSN{}, err
	}
	block, err := hsm.PINVariant(transaction).EncryptECB(clear[:])
	if err != nil {
		return nil, hsm.KSN{}, fmt.Errorf("encrypt PIN: %w: %w", err, statusInternal)
	}
	return block, ksn, nil
}

// checkPINKey refuses a method or a slot before the card holder is asked.
func (d *device) checkPINKey(method string, slot int) error {
	switch {
	case method != methodDUKPT && method != methodMasterKey:
		return statusInvalidParm
	case method == methodMasterKey || !d.pinSlots.loaded(slot):
		return statusNoKey
	}
	return nil
}

// A pinRequest is what GPN asks. Source: ABECS 2.20, GPN.
type pinRequest struct {
	method   string
	slot     int
	pan      string // empty: of the card just read
	min, max int
	message  []byte
}

func parsePINRequest(r request) (pinRequest, error) {
	in := r.only()
	asked := pinRequest{method: in.digits(1), slot: in.number(2)}
	in.take(32) // the working key, which DUKPT does not have
	length := in.number(2)
	pan := in.take(panMax)
	entries := in.digits(1)
	asked.min, asked.max, asked.message = in.number(2), in.number(2), in.take(linesLength)
	if err := in.end(); err != nil {
		return pinRequest{}, err
	}
	if length == 1 || length > panMax || !isDigits(pan[:length]) || entries != "1" {
		return pinRequest{}, statusInvalidParm
	}
	if asked.min < pinMin || asked.max < asked.min || asked.max > pinMax {
		return pinRequest{}, statusInvalidParm
	}
	asked.pan = string(pan[:length])
	return asked, nil
}

// getPIN is GPN. Source: ABECS 2.20, GPN.
func (d *device) getPIN(r request) ([][]byte, error) {
	asked, err := parsePINRequest(r)
	if err != nil {
		return nil, err
	}
	if err := d.checkPINKey(asked.method, asked.slot); err != nil {
		return nil, err
	}
	if asked.pan == "" {
		if d.tracks == nil || d.tracks.pan == "" {
			return nil, statusInvalidCall // no card, one that could not be read, or GTK came first
		}
		asked.pan = d.tracks.pan
	}
	title := latin1Text(asked.message[:notificationColumns]) + "\r" + latin1Text(asked.message[notificationColumns:])
	pin, err := d.enterPIN(pinScreen{title: title, min: asked.min, max: asked.max, idle: pinIdleTime})
	if err != nil {
		return nil, err
	}
	block, ksn, err := d.encryptPIN(asked.slot, pin, asked.pan)
	if err != nil {
		return nil, err
	}
	return [][]byte{fmt.Appendf(nil, "%X%s", block, ksn)}, nil
}

// pinTitle is what GOX shows above the PIN. Source: ABECS 2.20, GOX, PIN screens.
func pinTitle(r request, amountCents uint64) string {
	const longAmountCents = 100_000_00 // from here on the word VALOR no longer fits
	switch {
	case r.has(speMessage):
		return latin1Text(r.values[speMessage])
	case amountCents == 0:
		return "DIGITE A SENHA"
	case amountCents >= longAmountCents:
		return formatAmount(amountCents) + "\rSENHA:"
	}
	return "VALOR: " + formatAmount(amountCents) + "\rSENHA:"
}

// keyIndex gives SPE_KEYIDX.
func keyIndex(r request) int {
	index, err := strconv.Atoi(r.text(speKeyIndex))
	if err != nil {
		return -1 // two digits, checked when they came
	}
	return index
}
