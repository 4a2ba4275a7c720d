package receipt

// cancelledSale is what the store keeps of a sale that was given up.
func (c *composer) cancelledSale() error {
	cancelled := c.job.Cancelled
	if cancelled == nil {
		return errNoCancelled
	}
	c.slipHead("paper.cancelled.title")
	c.add(
		Line{Text: c.say("paper.receipt.not_fiscal"), Align: Centre},
		Rule{},
		Columns{Cells: []Cell{
			{Text: c.say("paper.head.sale", "Sale", c.count(cancelled.Number))},
			{Text: c.moment("long", cancelled.At), Short: c.moment("short", cancelled.At), Align: Right},
		}},
		Rule{},
	)
	c.items(cancelled.Lines)
	c.add(Rule{})
	c.totals(cancelled.Lines, cancelled.Total)
	c.add(Rule{})
	c.people(cancelled.OperatorID, cancelled.OperatorName, cancelled.ApproverID, cancelled.Reason)
	return nil
}

// people says who did something, who allowed it and why.
func (c *composer) people(operatorID, operatorName, approverID, reason string) {
	c.add(Line{Text: c.say("paper.receipt.operator", "ID", operatorID, "Name", operatorName), Hang: itemIndent})
	if approverID != "" {
		c.add(Line{Text: c.say("paper.people.approver", "ID", approverID), Hang: itemIndent})
	}
	if reason != "" {
		c.add(Line{Text: c.say("paper.people.reason", "Reason", reason), Hang: itemIndent})
	}
}
