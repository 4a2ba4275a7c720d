// Package operator says who may do what at the till.
//
// An operator has a role; a role may use verbs, some up to an amount. What a
// role does not reach, a second person allows on the spot. PINs are kept as
// Argon2id hashes; checking one is slow on purpose and therefore an effect, never
// part of a decision. It reads no file. Start with [Operator.May].
//
// Facts: OWASP Password Storage Cheat Sheet (Argon2id m=19 MiB, t=2, p=1), RFC 9106.
package operator

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"balcao/terminal/money"
)

// Role is a set of verbs.
type Role string

// The roles of a shop, each able to do what the one before can.
const (
	Cashier    Role = "cashier"
	Supervisor Role = "supervisor"
	Manager    Role = "manager"
)

// Verb is something an operator may or may not do.
type Verb string

// The verbs that the till asks about.
const (
	Sell        Verb = "sell"
	OpenSession Verb = "open_session"
	VoidLine    Verb = "void_line"
	CancelSale  Verb = "cancel_sale"
	Discount    Verb = "discount"
	CashIn      Verb = "cash_in"
	CashOut     Verb = "cash_out"
	XReport     Verb = "x_report"
	CloseDay    Verb = "close_day"
	Reprint     Verb = "reprint"
	// SettleManually is a person's word about a payment that host and till see differently.
	SettleManually Verb = "settle_manually"
)

// limits says up to which amount a role may use a verb; absent is never.
var limits = map[Role]map[Verb]money.Cents{
	Cashier: {
		Sell: money.Max, OpenSession: money.Max, VoidLine: 200_00, CancelSale: 500_00, Discount: 20_00,
		CashIn: money.Max, CloseDay: money.Max, Reprint: money.Max,
	},
	Supervisor: {
		Sell: money.Max, OpenSession: money.Max, VoidLine: money.Max, CancelSale: money.Max, Discount: 500_00,
		CashIn: money.Max, CashOut: 5_000_00, XReport: money.Max, CloseDay: money.Max, Reprint: money.Max,
	},
	Manager: {
		Sell: money.Max, OpenSession: money.Max, VoidLine: money.Max, CancelSale: money.Max, Discount: money.Max,
		CashIn: money.Max, CashOut: money.Max, XReport: money.Max, CloseDay: money.Max, Reprint: money.Max,
		SettleManually: money.Max,
	},
}

// Operator is one person who works at the till.
type Operator struct {
	ID      string // what is typed at the log-in, short digits
	Name    string // as it stands on screen and paper
	Role    Role
	PINHash string // as [HashPIN] wrote it
}

// Known says whether the role exists.
func (r Role) Known() bool { return limits[r] != nil }

// May says whether the operator may use the verb for the amount, in cents.
func (o Operator) May(verb Verb, amount money.Cents) bool {
	limit, ok := limits[o.Role][verb]
	return ok && amount <= limit
}

// Tries bounds guessing: after this many wrong PINs in a row the operator waits.
const Tries = 5

// Wait is how long an operator waits after `failures` wrong PINs in a row: not at
// all below [Tries], then 1, 5 and 30 minutes.
func Wait(failures int) time.Duration {
	switch {
	case failures < Tries:
		return 0
	case failures == Tries:
		return time.Minute
	case failures == Tries+1:
		return 5 * time.Minute
	default:
		return 30 * time.Minute
	}
}

// Argon2id parameters, the OWASP minimum: 19 MiB, two passes, one lane.
const (
	argonMemoryKiB = 19 * 1024
	argonPasses    = 2
	argonLanes     = 1
	argonKeyBytes  = 32
	saltBytes      = 16
)

// HashPIN answers the PHC string of a PIN under a salt of 16 random bytes.
func HashPIN(pin string, salt [saltBytes]byte) string {
	key := argon2.IDKey([]byte(pin), salt[:], argonPasses, argonMemoryKiB, argonLanes, argonKeyBytes)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemoryKiB, argonPasses, argonLanes, encode(salt[:]), encode(key))
}

// memoryMaxKiB bounds what a hash in a file may ask of the machine.
const memoryMaxKiB = 256 * 1024

// CheckPIN says whether pin belongs to hash, in constant time. It takes tens of
// milliseconds. An error means that the hash cannot be read, not that the PIN is wrong.
func CheckPIN(hash, pin string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("read PIN hash: not an argon2id string")
	}
	var version, memory, passes, lanes int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, fmt.Errorf("read PIN hash: unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, fmt.Errorf("read PIN hash: parameters: %w", err)
	}
	if memory < 8 || memory > memoryMaxKiB || passes < 1 || passes > 10 || lanes < 1 || lanes > 16 {
		return false, fmt.Errorf("read PIN hash: parameters out of bounds")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("read PIN hash: salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false, fmt.Errorf("read PIN hash: key is not base64")
	}
	got := argon2.IDKey([]byte(pin), salt, uint32(passes), uint32(memory), uint8(lanes), uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
