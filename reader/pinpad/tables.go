package pinpad

import (
	"bytes"
	"errors"
	"fmt"

	"balcao/reader/abecs"
	"balcao/terminal/money"
)

// Tables are the EMV tables of the acquirer that a pinpad must hold. Without a
// version nothing is loaded and the pinpad keeps what it has.
type Tables struct {
	Version string // ten characters, the acquirer's own
	Records []abecs.Record
}

// recordsMax bounds a file of tables: twice what the standard makes every pinpad
// hold (160 applications, 80 keys).
const recordsMax = 480

// ParseTables reads an acquirer's tables from a file: the version on the first
// line, then one record on each, ISO 8859-1, in the layout of the standard. Empty
// lines and those that begin with '#' are passed over.
func ParseTables(file []byte) (Tables, error) {
	var tables Tables
	seen := map[string]bool{}
	for number, row := range bytes.Split(file, []byte("\n")) {
		row = bytes.TrimSuffix(row, []byte("\r"))
		if len(row) == 0 || row[0] == '#' {
			continue
		}
		if tables.Version == "" {
			tables.Version = string(row)
			continue
		}
		record, err := abecs.ParseRecord(row)
		if err == nil && seen[record.Key()] {
			err = fmt.Errorf("record %s stands twice", record.Key())
		}
		if err != nil {
			return Tables{}, fmt.Errorf("read tables, line %d: %w", number+1, err)
		}
		seen[record.Key()] = true
		tables.Records = append(tables.Records, record)
	}
	if len(tables.Records) == 0 || len(tables.Records) > recordsMax {
		return Tables{}, fmt.Errorf("read tables: %d records, not 1 to %d", len(tables.Records), recordsMax)
	}
	return tables, tables.check()
}

// check asks for the version in the only way that can refuse it.
func (t Tables) check() error {
	if _, err := abecs.StartTables(0, t.Version); err != nil {
		return fmt.Errorf("read tables: %w", err)
	}
	return nil
}

// Merchant is what the rows of [CommonTables] say of the store.
type Merchant struct {
	Acquirer int    // 1 to 99
	Number   string // at most 15 characters
	Terminal string // at most 8 characters
	Category string // MCC, four digits
}

// commonApplications are the applications that every Brazilian acquirer takes, by
// the AIDs that the brands publish. Of Elo only the registered provider is named:
// a pinpad selects by the beginning of an AID (EMV 4.3 Book 1, 12.3.1). The last one
// is for trials: vouchers have an AID for each issuer, and none in common.
var commonApplications = []abecs.ApplicationRow{
	{AID: "A0000000031010", Type: abecs.CreditApp, Label: "VISA CREDITO", Versions: visaVersions, Contactless: visaTap},
	{AID: "A0000000032010", Type: abecs.DebitApp, Label: "VISA ELECTRON", Versions: visaVersions, Contactless: visaTap},
	{AID: "A0000000041010", Type: abecs.CreditApp, Label: "MASTERCARD", Versions: mastercardVersions, Contactless: mastercardTap},
	{AID: "A0000000043060", Type: abecs.DebitApp, Label: "MAESTRO", Versions: mastercardVersions, Contactless: mastercardTap},
	{AID: "A000000651", Type: abecs.CreditApp, Label: "ELO CREDITO", Versions: []string{"0001"}},
	{AID: "A000000651", Type: abecs.DebitApp, Label: "ELO DEBITO", Versions: []string{"0001"}},
	{AID: "F0564F5543484552", Type: abecs.VoucherApp, Label: "VOUCHER", Versions: []string{"0001"}},
}

// Versions of the brands' applications (tag 9F09).
var (
	visaVersions       = []string{"008C", "0096"}
	mastercardVersions = []string{"0002"}
)

// Limits of contactless sales, in cents.
const (
	tapMax      money.Cents = 99_999_999 // no limit of the store's own: the issuer decides
	tapCVMLimit money.Cents = 200_00     // what Brazilian acquirers take without a PIN since 2021
)

// What the common tables say of contactless applications. Elo is missing: which kernel
// its cards need is the acquirer's to say.
var (
	visaTap       = abecs.ContactlessRow{Kernel: abecs.VisaKernel, Max: tapMax, PhoneMax: tapMax, CVMLimit: tapCVMLimit}
	mastercardTap = abecs.ContactlessRow{Kernel: abecs.MastercardKernel, Max: tapMax, PhoneMax: tapMax, CVMLimit: tapCVMLimit}
)

// Terminal action codes of the common tables: go online on everything unusual,
// deny nothing before the issuer was asked (EMV 4.3 Book 3, annex C5).
const (
	actionDefault = "FC50ACA000"
	actionDenial  = "0000000000"
	actionOnline  = "F850ACF800"
)

// CommonTables makes tables for a store whose acquirer has delivered none: test
// terminals and demonstrations. They hold no public keys, so every chip is asked
// to go online.
func CommonTables(version string, merchant Merchant) (Tables, error) {
	if merchant.Acquirer < 1 {
		return Tables{}, errors.New("make tables: no acquirer")
	}
	tables := Tables{Version: version}
	for i, row := range commonApplications {
		row.Acquirer, row.Index = merchant.Acquirer, fmt.Sprintf("%02d", i+1)
		row.Merchant, row.Terminal, row.Category = merchant.Number, merchant.Terminal, merchant.Category
		row.ActionDefault, row.ActionDenial, row.ActionOnline = actionDefault, actionDenial, actionOnline
		record, err := row.Record()
		if err != nil {
			return Tables{}, fmt.Errorf("make tables: %w", err)
		}
		tables.Records = append(tables.Records, record)
	}
	return tables, tables.check()
}
