import Handlebars from 'handlebars';

const template = Handlebars.compile('{{#each list}}{{@index}}:{{this}};{{/each}}');

export const f = () => template({ list: ['<a>', 'b'] });
