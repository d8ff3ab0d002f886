export const confirm = (order: { customer: string; paid: number }, api: { mail(text: string): void }): void => {
  api.mail(`${order.customer}: thank you for ${order.paid}`);
};
