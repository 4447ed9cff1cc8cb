"""Nightly report: sums up the orders of all CSV files of a directory, and writes report.txt and by-product.csv.

usage: report.py ORDERS_DIRECTORY REPORT_DIRECTORY
Lines that cannot be understood are counted and named, not dropped in silence.
"""

import collections
import csv
import decimal
import os
import sys


def read_orders(directory):
    """Yields (file, line, row) for each order."""
    for name in sorted(os.listdir(directory)):
        if name.endswith(".csv"):
            with open(os.path.join(directory, name), newline="", encoding="utf-8") as file:
                reader = csv.DictReader(file)
                for row in reader:
                    yield name, reader.line_num, row


def sum_up(orders):
    total, pieces, faults = collections.Counter(), collections.Counter(), []
    for name, line, row in orders:
        try:
            quantity, price = int(row["quantity"]), decimal.Decimal(row["price"])
        except (ValueError, decimal.InvalidOperation) as error:
            faults.append("%s:%d: %s" % (name, line, error))
            continue
        total[row["product"]] += quantity * price
        pieces[row["product"]] += quantity
    return total, pieces, faults


def write(directory, name, lines):
    """Under another name first: whoever reads the report sees the old one or the new one, never half of one."""
    path = os.path.join(directory, name)
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    os.replace(path + ".part", path)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    total, pieces, faults = sum_up(read_orders(sys.argv[1]))
    products = [product for product, _ in total.most_common()]
    write(sys.argv[2], "by-product.csv",
          ["product,pieces,total"] + ["%s,%d,%.2f" % (p, pieces[p], total[p]) for p in products])
    write(sys.argv[2], "report.txt",
          ["%-14s %5d pieces %9.2f" % (p, pieces[p], total[p]) for p in products]
          + ["%-14s %5d pieces %9.2f" % ("all", sum(pieces.values()), sum(total.values()))]
          + ["left out: " + fault for fault in faults])


if __name__ == "__main__":
    main()
