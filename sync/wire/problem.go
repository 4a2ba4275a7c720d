package wire

import (
	"fmt"
	"net/http"
)

// Stable codes of the contract, fixed from its start: a till branches on these and
// on nothing else of a problem. Source: openapi.yaml, Problem.code.
const (
	CodeRequiredField         = "required-field"
	CodeTotalMismatch         = "total-mismatch"
	CodeOutOfStock            = "out-of-stock"
	CodeReservationExpired    = "reservation-expired"
	CodeAddressInvalid        = "address-invalid"
	CodeNotCovered            = "not-covered"
	CodeOrderBlocked          = "order-blocked"
	CodeOrderVersionConflict  = "order-version-conflict"
	CodeOrderClaimed          = "order-claimed"
	CodePaymentExpired        = "payment-expired"
	CodePaymentDataInvalid    = "payment-data-invalid"
	CodePaymentNotAuthentic   = "payment-not-authentic"
	CodeInsufficientFunds     = "insufficient-funds"
	CodeDeclined              = "declined"
	CodeIssuerUnavailable     = "issuer-unavailable"
	CodeDuplicatePayment      = "duplicate-payment"
	CodeAmountExceedsDue      = "amount-exceeds-due"
	CodeAlreadyCaptured       = "already-captured"
	CodeNotRefundable         = "not-refundable"
	CodeIdempotencyKeyMissing = "idempotency-key-missing"
	CodeIdempotencyKeyInUse   = "idempotency-key-in-use"
	CodeIdempotencyKeyReused  = "idempotency-key-reused"
	CodeSeqGap                = "seq-gap"
	CodeHashMismatch          = "hash-mismatch"
	CodeForkDetected          = "fork-detected"
	CodeCursorExpired         = "cursor-expired"
	CodeClockSkew             = "clock-skew"
	CodeTerminalBlocked       = "terminal-blocked"
	CodeCertificateExpired    = "certificate-expired"
	CodeRateLimited           = "rate-limited"
	CodeSensitiveData         = "sensitive-data"
	CodeVersionUnsupported    = "version-unsupported"
)

// Codes for what any HTTP service may say, beside the fixed list.
const (
	CodeMalformedRequest   = "malformed-request"
	CodeUnauthorised       = "unauthorised"
	CodeNotFound           = "not-found"
	CodeTransitionRefused  = "transition-refused"
	CodeAlreadyReversed    = "already-reversed"
	CodeInternalError      = "internal-error"
	CodeServiceUnavailable = "service-unavailable"
)

// ContentTypeProblem is the media type of every error. Source: RFC 9457, section 3.
const ContentTypeProblem = "application/problem+json"

// problemTypePrefix makes the `type` of a problem out of its code.
const problemTypePrefix = "https://errors.example.org/pos/"

// A problemKind is what is always so for one code.
type problemKind struct {
	status    int
	retryable bool // the same request may be answered otherwise later
	title     string
}

var problemKinds = map[string]problemKind{
	CodeRequiredField:         {http.StatusUnprocessableEntity, false, "A required field is missing or malformed"},
	CodeTotalMismatch:         {http.StatusUnprocessableEntity, false, "A total is not what its parts add up to"},
	CodeOutOfStock:            {http.StatusConflict, false, "An item is out of stock"},
	CodeReservationExpired:    {http.StatusConflict, false, "The stock reservation has expired"},
	CodeAddressInvalid:        {http.StatusUnprocessableEntity, false, "The address does not exist"},
	CodeNotCovered:            {http.StatusUnprocessableEntity, false, "No delivery to this address"},
	CodeOrderBlocked:          {http.StatusConflict, false, "The order is blocked"},
	CodeOrderVersionConflict:  {http.StatusConflict, false, "The order has another version"},
	CodeOrderClaimed:          {http.StatusConflict, false, "Another till holds the order"},
	CodePaymentExpired:        {http.StatusUnprocessableEntity, false, "The payment came after its deadline"},
	CodePaymentDataInvalid:    {http.StatusUnprocessableEntity, false, "The payment data is not valid"},
	CodePaymentNotAuthentic:   {http.StatusUnprocessableEntity, false, "The payment data is not authentic"},
	CodeInsufficientFunds:     {http.StatusUnprocessableEntity, false, "The account has not enough funds"},
	CodeDeclined:              {http.StatusUnprocessableEntity, false, "The payment was declined"},
	CodeIssuerUnavailable:     {http.StatusServiceUnavailable, true, "The issuer cannot be reached"},
	CodeDuplicatePayment:      {http.StatusConflict, false, "Another payment has this id"},
	CodeAmountExceedsDue:      {http.StatusUnprocessableEntity, false, "The amount is more than is due"},
	CodeAlreadyCaptured:       {http.StatusConflict, false, "The payment is captured; refund it instead"},
	CodeNotRefundable:         {http.StatusConflict, false, "The payment cannot be refunded"},
	CodeIdempotencyKeyMissing: {http.StatusBadRequest, false, "Idempotency-Key is missing"},
	CodeIdempotencyKeyInUse:   {http.StatusConflict, true, "A request with this key is running"},
	CodeIdempotencyKeyReused:  {http.StatusUnprocessableEntity, false, "The key was used for another request"},
	CodeSeqGap:                {http.StatusUnprocessableEntity, false, "Facts are missing before this one"},
	CodeHashMismatch:          {http.StatusUnprocessableEntity, false, "The hash is not that of the content"},
	CodeForkDetected:          {http.StatusConflict, false, "This fact is known with another content"},
	CodeCursorExpired:         {http.StatusGone, false, "The cursor is too old"},
	CodeClockSkew:             {http.StatusUnprocessableEntity, false, "The till's clock is wrong"},
	CodeTerminalBlocked:       {http.StatusForbidden, false, "The terminal is blocked"},
	CodeCertificateExpired:    {http.StatusUnauthorized, false, "The certificate is expired or revoked"},
	CodeRateLimited:           {http.StatusTooManyRequests, true, "Too many requests"},
	CodeSensitiveData:         {http.StatusUnprocessableEntity, false, "A text holds what looks like a card number"},
	CodeVersionUnsupported:    {http.StatusNotImplemented, false, "This version does not offer the operation"},
	CodeMalformedRequest:      {http.StatusBadRequest, false, "The request is malformed"},
	CodeUnauthorised:          {http.StatusUnauthorized, false, "No valid certificate and token"},
	CodeNotFound:              {http.StatusNotFound, false, "Not found"},
	CodeTransitionRefused:     {http.StatusConflict, false, "The order cannot take this step now"},
	CodeAlreadyReversed:       {http.StatusConflict, false, "The payment is reversed"},
	CodeInternalError:         {http.StatusInternalServerError, true, "The service failed"},
	CodeServiceUnavailable:    {http.StatusServiceUnavailable, true, "The service is not available"},
}

// ProblemCodes lists every code this package knows, in no order.
func ProblemCodes() []string {
	codes := make([]string, 0, len(problemKinds))
	for code := range problemKinds {
		codes = append(codes, code)
	}
	return codes
}

// NewProblem is the problem of a known code with its status and title; an unknown
// code becomes [CodeInternalError]. detail is for people and never holds card data.
func NewProblem(code, detail string, violations ...Violation) *Problem {
	kind, known := problemKinds[code]
	if !known {
		return NewProblem(CodeInternalError, fmt.Sprintf("unknown problem code %q: %s", code, detail), violations...)
	}
	problem := &Problem{
		Type:      problemTypePrefix + code,
		Title:     kind.title,
		Status:    kind.status,
		Code:      code,
		Retryable: new(kind.retryable),
	}
	if detail != "" {
		problem.Detail = &detail
	}
	if len(violations) > 0 {
		problem.Violations = &violations
	}
	return problem
}

// Error names code and detail, for a log.
func (p *Problem) Error() string {
	if p.Detail == nil {
		return fmt.Sprintf("%s (%d)", p.Code, p.Status)
	}
	return fmt.Sprintf("%s (%d): %s", p.Code, p.Status, *p.Detail)
}
