import { refuse } from 'graftwork/sdk';

export const accept = (order: { country: string }): object => {
  if (order.country === 'XX') refuse('embargo', 'nothing is sent to XX');
  return order;
};
