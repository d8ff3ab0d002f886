import Papa from 'papaparse';

export const f = () => [
  Papa.parse('a,b\n1,"x,""y"""\n', { header: true, dynamicTyping: true, skipEmptyLines: true }).data,
  Papa.unparse([['p', 'q,r']]),
];
