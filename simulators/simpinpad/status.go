package simpinpad

import (
	"errors"
	"fmt"
)

// A status is what an answer says in three digits. Every one but statusOK is an
// error: a command returns it and its answer then carries no data.
type status int

// Status codes that this pinpad gives. Source: ABECS 2.20, return codes.
const (
	statusOK             status = 0  // ST_OK
	statusNoSecurity     status = 3  // ST_NOSEC: encrypted packet, no secure channel
	statusInvalidCall    status = 10 // ST_INVCALL: out of order, or an unknown command
	statusInvalidParm    status = 11 // ST_INVPARM
	statusTimeout        status = 12 // ST_TIMEOUT: the card holder did nothing
	statusCancel         status = 13 // ST_CANCEL: the card holder pressed CANCEL
	statusMandatory      status = 19 // ST_MANDAT: mandatory parameter missing
	statusTableDiffers   status = 20 // ST_TABVERDIF
	statusTableError     status = 21 // ST_TABERR
	statusInternal       status = 40 // ST_INTERR
	statusNoKey          status = 42 // ST_ERRKEY: slot not loaded
	statusNoCard         status = 43 // ST_NOCARD: removed, or never there
	statusOverflow       status = 45 // ST_RSPOVRFL: the answer would be too long
	statusSecurity       status = 47 // ST_SECURITY: a third cryptogram was asked for
	statusCardData       status = 69 // ST_CARDINVDATA
	statusNoApplication  status = 70 // ST_CARDAPPNAV: card and tables have none in common
	statusCardExhausted  status = 71 // ST_CARDAPPNAUT: the card refuses to go on
	statusAmountTooLarge status = 77 // ST_INVAMOUNT: does not fit 4 bytes
)

func (s status) Error() string { return fmt.Sprintf("status %03d", int(s)) }

// errAborted says that a command ended without an answer: CAN came, or another packet.
var errAborted = errors.New("aborted by the till")

// errStopped says that the program ends.
var errStopped = errors.New("switched off")

// errTimeout says that a wait was over before what it waited for.
var errTimeout = errors.New("waited long enough")
