package issuer

import "balcao/sync/wire"

// approvedResponse is the response code of a yes. Source: ISO 8583:1987, field 39.
const approvedResponse = "00"

// A refusal is one way to say no: the response code of ISO 8583:1987 (field 39), and
// what a till is told.
type refusal struct {
	response string
	code     wire.PaymentDeclineCode
	retry    wire.PaymentDeclineRetry
}

var (
	doNotHonour       = refusal{"05", wire.PaymentDeclineCodeDoNotHonour, wire.PaymentDeclineRetryOtherCard}
	formatError       = refusal{"30", wire.PaymentDeclineCodeOther, wire.PaymentDeclineRetryNever}
	invalidAmount     = refusal{"13", wire.PaymentDeclineCodeOther, wire.PaymentDeclineRetryNever}
	invalidCard       = refusal{"14", wire.PaymentDeclineCodeInvalidCard, wire.PaymentDeclineRetryOtherCard}
	lostCard          = refusal{"41", wire.PaymentDeclineCodeSuspectedFraud, wire.PaymentDeclineRetryNever}
	insufficientFunds = refusal{"51", wire.PaymentDeclineCodeInsufficientFunds, wire.PaymentDeclineRetryOtherCard}
	expiredCard       = refusal{"54", wire.PaymentDeclineCodeExpiredCard, wire.PaymentDeclineRetryOtherCard}
	wrongPIN          = refusal{"55", wire.PaymentDeclineCodeWrongPIN, wire.PaymentDeclineRetryWithPIN}
	notPermitted      = refusal{"57", wire.PaymentDeclineCodeNotPermitted, wire.PaymentDeclineRetryOtherCard}
	suspectedFraud    = refusal{"59", wire.PaymentDeclineCodeSuspectedFraud, wire.PaymentDeclineRetryNever}
	limitExceeded     = refusal{"61", wire.PaymentDeclineCodeLimitExceeded, wire.PaymentDeclineRetryOtherCard}
	pinTriesExceeded  = refusal{"75", wire.PaymentDeclineCodeWrongPIN, wire.PaymentDeclineRetryOtherCard}
	issuerUnavailable = refusal{"91", wire.PaymentDeclineCodeIssuerUnavailable, wire.PaymentDeclineRetryLater}
	duplicate         = refusal{"94", wire.PaymentDeclineCodeSuspectedFraud, wire.PaymentDeclineRetryNever}
)

func refuse(reason refusal) verdict { return verdict{refusal: &reason} }
