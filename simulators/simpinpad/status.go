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
	statusChipMute       status = 60 // ST_DUMBCARD: no chip, or a dead one
	statusChipError      status = 61 // ST_ERRCARD: contacts
	statusInvalidated    status = 67 // ST_CARDINVALIDAT
	statusProblems       status = 68 // ST_CARDPROBLEMS
	statusCardData       status = 69 // ST_CARDINVDATA
	statusNoApplication  status = 70 // ST_CARDAPPNAV: card and tables have none in common
	statusCardExhausted  status = 71 // ST_CARDAPPNAUT: the card refuses to go on
	statusFallback       status = 76 // ST_ERRFALLBACK: the stripe may be taken instead
	statusAmountTooLarge status = 77 // ST_INVAMOUNT: does not fit 4 bytes
	statusCardBlocked    status = 79 // ST_CARDBLOCKED
	statusTapSeveral     status = 80 // ST_CTLSMULTIPLE: two cards before the antenna
	statusTapLost        status = 81 // ST_CTLSCOMMERR: taken away too soon
	statusTapInvalidated status = 82 // ST_CTLSINVALIDAT
	statusTapProblems    status = 83 // ST_CTLSPROBLEMS
	statusTapNoApp       status = 84 // ST_CTLSAPPNAV, of edition 2.12
	statusTapUnfit       status = 85 // ST_CTLSAPPNAUT, of edition 2.12
	statusHolderActs     status = 86 // ST_CTLSEXTCVM: on the own device, then once more
	statusOtherInterface status = 87 // ST_CTLSIFCHG: chip or stripe instead
)

func (s status) Error() string { return fmt.Sprintf("status %03d", int(s)) }

// errAborted says that a command ended without an answer: CAN came, or another packet.
var errAborted = errors.New("aborted by the till")

// errStopped says that the program ends.
var errStopped = errors.New("switched off")

// errTimeout says that a wait was over before what it waited for.
var errTimeout = errors.New("waited long enough")
