package flow

import "context"

// A row is one step of the process. Its walk answers what happened; an error says what
// the evidence lacks. Without a walk nobody has built the step yet.
type row struct {
	number int
	name   string
	walk   func(*walk, context.Context) (string, error)
}

// rows are all steps, in the order of the process.
var rows = []row{
	{1, "Customer picks goods", (*walk).channel},
	{2, "Parameters and credentials", nil},
	{3, "Connect to the payment service", (*walk).connection},
	{4, "Is the payment service active", (*walk).serviceStatus},
	{5, "Authenticate both sides", nil},
	{6, "Order is sent with our own id", (*walk).orderSent},
	{7, "Required fields are checked", (*walk).requiredFields},
	{8, "Order total is checked", (*walk).orderTotal},
	{9, "Items are available", nil},
	{10, "Delivery address is valid", nil},
	{11, "Delivery is offered there", nil},
	{12, "Taxes and fees", nil},
	{13, "Unique payment code", (*walk).paymentCode},
	{14, "Order summary", (*walk).summary},
	{15, "Payment data is sent, sealed", (*walk).cardData},
	{16, "Payment is processed in two phases", (*walk).attemptStates},
	{17, "Payment data is valid", (*walk).validity},
	{18, "Payment data is authentic", (*walk).authenticity},
	{19, "Funds are sufficient", (*walk).funds},
	{20, "Approved, declined or unknown", (*walk).verdicts},
	{21, "Answer reaches the till, even a lost one", (*walk).lostAnswer},
	{22, "Outcome is stored before anyone is told", (*walk).outcomeFirst},
	{23, "Message about success or failure", nil},
	{24, "Order follows its payment", (*walk).orderStatus},
	{25, "Audit trail", (*walk).auditTrail},
	{26, "Fiscal document", nil},
	{27, "Payment service returns an error", (*walk).declineCode},
	{28, "Customer is told of the failure", (*walk).customerTold},
	{29, "Incident is kept for diagnosis", nil},
	{30, "Payment is tried again", (*walk).triedAgain},
	{31, "Refused order is blocked", nil},
	{32, "Paid order is confirmed", (*walk).saleCommitted},
	{33, "Receipts", (*walk).receipts},
	{34, "Printing is confirmed", (*walk).printing},
	{35, "Hand-over to delivery", nil},
	{36, "Order is shipped", nil},
	{37, "Report of all orders", nil},
	{38, "Payments and records are reconciled", nil},
	{39, "Report is sent to management", nil},
	{40, "Copy of the report is kept", nil},
	{41, "Transactions are marked processed", nil},
	{42, "Satisfaction survey", nil},
	{43, "Delivered on time", nil},
	{44, "Survey answers are kept", nil},
	{45, "Payment performance", nil},
	{46, "Ready for new orders", (*walk).ready},
}
