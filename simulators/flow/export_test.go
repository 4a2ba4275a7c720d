package flow

// Built lists the steps that have a walk.
func Built() (numbers []int) {
	for _, step := range rows {
		if step.walk != nil {
			numbers = append(numbers, step.number)
		}
	}
	return numbers
}

// Steps is how many steps there are.
func Steps() int { return len(rows) }

// Breakable lists the steps that have a fault.
func Breakable() (numbers []int) {
	for _, each := range faults {
		numbers = append(numbers, each.row)
	}
	return numbers
}
