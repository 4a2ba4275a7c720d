// Package issuer is the bank behind the simulated acquirer: it opens what a reader
// encrypted, checks card, cryptogram and PIN, and says yes or no.
//
// It moves no money and keeps nothing: balances and the state of a card are asked of
// its caller, who stores what comes back. It sees a card as a host sees it, through
// ciphertext and tags. Start with [Bank.Decide].
//
// Facts: EMV 4.3 Books 2 and 3; ISO 8583:1987 field 39 for response codes; ABECS 2.20
// for what a pinpad encrypts and how it pads.
package issuer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"
)

// Kinds of account.
const (
	Debit   = "debit"
	Credit  = "credit"
	Voucher = "voucher" // vale-alimentação or vale-refeição: a balance, no credit line
)

// States of a card.
const (
	Active  = "active"
	Blocked = "blocked" // by its issuer
	Lost    = "lost"
)

// accountsFileMode is what an accounts file must not exceed: it holds whole card numbers.
const accountsFileMode fs.FileMode = 0o600

// An Account is one customer's card and account. Whatever prints it prints its name alone.
type Account struct {
	Name         string `json:"name"`
	PAN          string `json:"pan"`
	Expiry       string `json:"expiry"` // YYMM
	PSN          string `json:"psn"`    // 2 digits, or empty
	PIN          string `json:"pin"`
	Kind         string `json:"kind"`
	BalanceCents int64  `json:"balance_cents"` // at first start
	LimitCents   int64  `json:"limit_cents"`   // credit: the credit line; otherwise the most in one payment, 0 = no limit
	State        string `json:"state"`
	Brand        string `json:"brand"`
}

func (a Account) String() string { return "account(" + a.Name + ")" }

// Format keeps the card number out of every fmt verb.
func (a Account) Format(state fmt.State, _ rune) { fmt.Fprint(state, a.String()) }

// LogValue keeps the card number out of a log.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.String()) }

// LoadAccounts reads an accounts file, a JSON list; errors name accounts by their
// place in it. A file that others may read is refused.
func LoadAccounts(path string) ([]Account, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	if info.Mode().Perm()&^accountsFileMode != 0 {
		return nil, fmt.Errorf("load accounts from %s: mode %o lets others read it, want %o", path, info.Mode().Perm(), accountsFileMode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load accounts: %w", err)
	}
	var accounts []Account
	if err := json.Unmarshal(text, &accounts); err != nil {
		return nil, fmt.Errorf("load accounts from %s: not a JSON list of accounts", path)
	}
	return accounts, nil
}

func (a Account) validate() error {
	var wrong []string
	if a.Name == "" {
		wrong = append(wrong, "name is empty")
	}
	if !CheckDigitFits(a.PAN) {
		wrong = append(wrong, "pan has a wrong check digit")
	}
	if _, err := endOfLife(a.Expiry, time.UTC); err != nil {
		wrong = append(wrong, err.Error())
	}
	if a.Kind != Debit && a.Kind != Credit && a.Kind != Voucher {
		wrong = append(wrong, fmt.Sprintf("kind %q is none of debit, credit, voucher", a.Kind))
	}
	if a.State != Active && a.State != Blocked && a.State != Lost {
		wrong = append(wrong, fmt.Sprintf("state %q is none of active, blocked, lost", a.State))
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, ", "))
	}
	return nil
}

// endOfLife is the first moment after the month YYMM, in which a card is still good.
func endOfLife(expiry string, zone *time.Location) (time.Time, error) {
	month, err := time.ParseInLocation("0601", expiry, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("expiry is not YYMM")
	}
	return month.AddDate(0, 1, 0), nil
}

// Lengths of a card number in digits. Source: ISO/IEC 7812-1:2017, 4.1.
const (
	panMin = 10
	panMax = 19
)

// CheckDigitFits says whether digits have the length and check digit of a card number. Source: ISO/IEC 7812-1:2017, Annex B.
func CheckDigitFits(pan string) bool {
	if len(pan) < panMin || len(pan) > panMax || strings.Trim(pan, "0123456789") != "" {
		return false
	}
	sum := 0
	for i := range len(pan) {
		digit := int(pan[len(pan)-1-i] - '0')
		if i%2 == 1 {
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return sum%10 == 0
}
