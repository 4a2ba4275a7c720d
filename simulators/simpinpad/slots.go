package simpinpad

import (
	"fmt"

	"balcao/simulators/hsm"
)

// slotCount is the number of slots of each kind. Source: ABECS 2.20, key maps A100.
const slotCount = 100

// slots are the DUKPT keys of one kind, with their counters in the memory.
type slots struct {
	keys     map[int]*hsm.Dukpt
	counters map[int]hsm.KSN
	memory   *memory
}

// newSlots takes the keys as they were loaded and winds each counter to where it
// was left, unless the slot was loaded anew with the key of another device.
func newSlots(keys map[int]*hsm.Dukpt, counters map[int]hsm.KSN, memory *memory) slots {
	for slot, key := range keys {
		if left, ok := counters[slot]; ok && left.WithCounter(0) == key.KSN.WithCounter(0) {
			key.KSN = left
		}
	}
	return slots{keys: keys, counters: counters, memory: memory}
}

func (s slots) loaded(slot int) bool { return s.keys[slot] != nil }

// use takes the next key of a slot. The counter is on disk before the key is given
// out; a slot that is empty or used up is statusNoKey.
func (s slots) use(slot int) (hsm.KSN, hsm.Key, error) {
	key := s.keys[slot]
	if key == nil {
		return hsm.KSN{}, hsm.Key{}, statusNoKey
	}
	ksn, transaction, err := key.Next()
	if err != nil {
		return hsm.KSN{}, hsm.Key{}, fmt.Errorf("use key slot %d: %w: %w", slot, err, statusNoKey)
	}
	s.counters[slot] = key.KSN
	if err := s.memory.save(); err != nil {
		return hsm.KSN{}, hsm.Key{}, fmt.Errorf("use key slot %d: %w: %w", slot, err, statusInternal)
	}
	return ksn, transaction, nil
}

// keyMap says for each slot whether it is loaded. Source: ABECS 2.20, PP_DKPTTDESP.
func (s slots) keyMap() string {
	text := make([]byte, slotCount)
	for slot := range text {
		text[slot] = '0'
		if s.loaded(slot) {
			text[slot] = '1'
		}
	}
	return string(text)
}

// describe gives the next serial number of each loaded slot.
func (s slots) describe() map[int]string {
	next := map[int]string{}
	for slot, key := range s.keys {
		next[slot] = key.KSN.String()
	}
	return next
}
