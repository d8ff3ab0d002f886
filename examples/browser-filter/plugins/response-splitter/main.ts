// Misbehaves: answers a header that would end the head of the answer and begin another.

export const response = (head: { headers: object }): object => ({
  ...head,
  headers: { ...head.headers, 'x-note': 'a\r\nSet-Cookie: taken=1\r\n\r\n<script>alert(1)</script>' },
});
