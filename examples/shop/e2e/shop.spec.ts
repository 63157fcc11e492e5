/** The shop as a visitor sees it. */
import { expect, test } from '@playwright/test';

test('a visitor browses by kind and opens a product', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByTestId('product')).toHaveCount(9);
  await page.getByRole('link', { name: 'Cups' }).click();
  await expect(page.getByTestId('product')).toHaveCount(2);
  await page.getByRole('link', { name: 'Enamel mug' }).click();
  await expect(page.getByRole('heading', { name: 'Enamel mug' })).toBeVisible();
});

test('the cart shows the total with the discount for three', async ({ page }) => {
  await page.goto('/products/enamel-mug');
  await page.getByLabel('Quantity').fill('3');
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await expect(page.getByTestId('cart-count')).toHaveText('3');
  await expect(page.getByTestId('cart-line')).toContainText('$44.55');
  await expect(page.getByTestId('total')).toHaveText('$49.45');
});

test('a visitor signs in, pays and signs out', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Add Hand grinder to cart' }).click();
  await page.getByRole('link', { name: 'Sign in to pay' }).click();
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByText('Hello, Ada')).toBeVisible();
  await page.getByRole('button', { name: 'Pay $64.00' }).click();
  await expect(page.getByTestId('paid')).toHaveText('$64.00');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('link', { name: 'Sign in' })).toBeVisible();
});
