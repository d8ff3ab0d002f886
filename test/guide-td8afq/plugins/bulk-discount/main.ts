interface Api {
  visits: { get(customer: string): number | null; set(customer: string, times: number): void };
}

export const price = (order: { count: number; list: number; customer: string }, api: Api): number => {
  api.visits.set(order.customer, (api.visits.get(order.customer) ?? 0) + 1);
  return order.count >= 10 ? order.list * 0.9 : order.list;
};
