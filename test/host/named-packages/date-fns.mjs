import { addMonths, differenceInCalendarDays, format } from 'date-fns';

export const f = () => [
  format(addMonths(new Date(2024, 0, 31), 1), 'EEEE do MMMM yyyy'),
  differenceInCalendarDays(new Date(2024, 2, 1), new Date(2024, 1, 1)),
];
