package simpinpad

import (
	"slices"
	"time"
)

// A key is one key of the keypad: a digit, or one of the three below.
type key rune

const (
	keyOK     key = 'O'
	keyClear  key = 'C'
	keyCancel key = 'X'
)

func (k key) digit() bool { return k >= '0' && k <= '9' }

// A keypad keeps the keys pressed while a command listens; others go nowhere.
type keypad struct {
	listening bool
	pressed   []key
}

// listen begins to take keys, those pressed before are forgotten.
func (k *keypad) listen() { k.listening, k.pressed = true, nil }

func (k *keypad) ignore() { k.listening, k.pressed = false, nil }

// press says whether anything listens.
func (k *keypad) press(keys ...key) bool {
	if k.listening {
		k.pressed = append(k.pressed, keys...)
	}
	return k.listening
}

// next takes the oldest key, if there is one.
func (k *keypad) next() (key, bool) {
	if len(k.pressed) == 0 {
		return 0, false
	}
	first := k.pressed[0]
	k.pressed = slices.Delete(k.pressed, 0, 1)
	return first, true
}

// cancelled says whether CANCEL was pressed; all keys are forgotten then.
func (k *keypad) cancelled() bool {
	found := slices.Contains(k.pressed, keyCancel)
	k.pressed = nil
	return found
}

// waitForKey gives the next key other than CANCEL, which is statusCancel. When slot
// is given, taking its card out is statusNoCard; nothing within limit is statusTimeout.
func (d *device) waitForKey(slot *insertion, limit time.Duration, limited bool) (key, error) {
	var pressed key
	err := d.waitForHolder(limit, limited, func() bool {
		if slot != nil && d.slot != slot {
			return true
		}
		var ok bool
		pressed, ok = d.keypad.next()
		return ok
	})
	switch {
	case err != nil:
		return 0, err
	case slot != nil && d.slot != slot:
		return 0, statusNoCard
	case pressed == keyCancel:
		return 0, statusCancel
	}
	return pressed, nil
}
